"""A whole class: who handed in what, and the gradebooks that come out."""
