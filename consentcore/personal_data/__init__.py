"""The map of personal data: each mapped column with what it is, why it is here and how it leaves (R-5-1)."""
