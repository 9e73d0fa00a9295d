"""A Merkle log on SQL: append right before COMMIT, prove, audit. It knows nothing of consent."""
