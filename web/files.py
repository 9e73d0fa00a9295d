"""Writing a file so that nobody ever sees half of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def writing_atomically(path: Path, *, mode: int = 0o600) -> Iterator[TextIO]:
    """Open a UTF-8 text stream whose content appears at `path` when the block ends well, and not at all otherwise.

    Readable by its owner alone unless `mode` says more. Raises: OSError when the folder cannot be written to.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a text at once, as `writing_atomically` does."""
    with writing_atomically(path, mode=mode) as stream:
        stream.write(text)
