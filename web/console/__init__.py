"""The face of the data protection officer and of staff."""
