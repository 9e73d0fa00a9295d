"""The command line: one file per noun, acting as an operator with every right on a trusted host."""
