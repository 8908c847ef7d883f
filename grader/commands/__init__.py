"""The commands: each calls one stage and prints. They import stages late, so that a command loads only its own."""
