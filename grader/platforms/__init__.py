"""One grading as a platform starts it: reads what the platform left, grades, writes what the platform reads."""
