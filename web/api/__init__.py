"""The face for machines: JSON over HTTP under /api/v1."""
