"""Requests of data subjects: how one comes in, what becomes of it, and by when (Art. 12, 15 to 22)."""
