"""How long data stay: what is due and when, the archive that a law makes us keep, and the one way rows leave."""
