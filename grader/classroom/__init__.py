"""A whole class: who handed in what, how each hand-in is graded, what is kept, and what the results show."""
