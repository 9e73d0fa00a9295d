"""Accountability: the register of processing activities and the documents drawn from it (Art. 5(2), 24, 30)."""
