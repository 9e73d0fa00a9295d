"""Faces and wiring: the one place where settings, engines, keyring and policies meet."""
