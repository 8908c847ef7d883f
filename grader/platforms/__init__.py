"""One grading that a platform starts: reads the platform's files, grades, writes the platform's results."""
