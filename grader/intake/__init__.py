"""A hand-in becomes a clean folder: what it holds, which file stands for which, and writing those that are wanted."""
