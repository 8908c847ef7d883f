"""HTML pages: templates with one style, and the function that fills them in."""
