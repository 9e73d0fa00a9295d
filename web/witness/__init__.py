"""Outside witnesses: the small process that is one, and what this log says to those it has."""
