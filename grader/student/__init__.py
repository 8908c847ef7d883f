"""The students' side: a run of the public tests in the student's own process, and what makes it pleasant."""
