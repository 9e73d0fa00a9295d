"""The opposition list: who is not to be reached, kept as keyed hashes that outlive an erasure (Art. 21(3), R-FR-4)."""
