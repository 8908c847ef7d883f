"""Names of Python 2 for hand-ins of the years when the course asked for the package `future`."""
