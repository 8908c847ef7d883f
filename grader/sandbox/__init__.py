"""The border: what the judge does on its side of it; `child` is the other side."""
