"""Random 96-bit nonces, drawn from the system a page at a time."""

from __future__ import annotations

import os

_SIZE = 12
_PAGE = 340 * _SIZE
_pool: list[bytes] = []


def nonce() -> bytes:
    """Return 12 random bytes that no other call, thread or forked process is given."""
    try:
        return _pool.pop()  # atomic, so two threads never get one nonce
    except IndexError:
        page = os.urandom(_PAGE)
        _pool.extend([page[start : start + _SIZE] for start in range(_SIZE, _PAGE, _SIZE)])
        return page[:_SIZE]


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_pool.clear)
