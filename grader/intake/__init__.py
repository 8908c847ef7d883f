"""Makes a clean folder from a hand-in: lists its files, matches them to the assignment, writes the wanted ones."""
