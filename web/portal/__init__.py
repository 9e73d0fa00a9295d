"""The face of data subjects; it works without any script."""
