"""Key encryption keys in a file of their own, mode 0600, replaced atomically."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

from consentcore.crypto.local_kek import KEK_SIZE, LocalKek, decode_epoch, decode_key
from consentcore.errors import ConfigurationError, Conflict, InvalidTransition

FORMAT = "consentcore.kek/1"
_MAX_SIZE = 1 << 20


class FileKek(LocalKek):
    """Epochs in a JSON file `{"format", "current", "epochs": {"1": base64}}`; a change by another process is seen.

    Raises: ConfigurationError when the file is missing, readable by others, or not what it should be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"file:{path.name}"
        keys, current, self._stamp = _read(path)
        super().__init__(keys, current)
        self._keys = keys

    @classmethod
    def create(cls, path: Path) -> FileKek:
        """Make a new file with epoch 1; the only way a first key comes into being.

        Raises: Conflict when the file exists, ConfigurationError when the folder cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = _write_draft(path, {1: secrets.token_bytes(KEK_SIZE)}, 1)
            try:
                os.link(draft, path)  # fails where a file is, unlike a rename
            finally:
                draft.unlink()
            _sync_folder(path.parent)
        except FileExistsError:
            raise Conflict(f"{path} exists; it is never overwritten, since keys may hang on it") from None
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
        return cls(path)

    def _refresh(self) -> None:
        try:
            found = _stamp(self.path.stat())
        except FileNotFoundError:
            raise _missing(self.path) from None
        if found != self._stamp:
            self._keys, current, self._stamp = _read(self.path)
            self._load(self._keys, current)

    def adopt(self, epoch: int) -> None:
        """Check that the epoch which the keyring uses is in the file.

        Raises: ConfigurationError.
        """
        if epoch not in self._aeads:
            raise ConfigurationError(
                f"{self.path} does not hold epoch {epoch}, which the keyring uses: it belongs to another keyring, "
                "or the keyring is an old copy whose epoch was destroyed"
            )

    def rotate(self) -> int:
        """Add a new random epoch, make it the current one, and return its number; old ones stay until destroyed."""
        self._refresh()
        new = max(*self._keys, self._current) + 1
        self._replace({**self._keys, new: secrets.token_bytes(KEK_SIZE)}, new)
        return new

    def destroy(self, epoch: int) -> str:
        """Rewrite the file without an epoch and overwrite the former content; return the sentence of evidence.

        A copy of the file elsewhere, a snapshot, or a worn flash block is out of reach (docs say so).
        Raises: InvalidTransition for the current epoch.
        """
        self._refresh()
        if epoch == self._current:
            raise InvalidTransition(f"epoch {epoch} is the current one; rotate before destroying it")
        if epoch not in self._keys:
            return f"epoch {epoch} was no longer in the key file {self.path.name}"
        self._replace({number: key for number, key in self._keys.items() if number != epoch}, self._current)
        return (
            f"epoch {epoch} removed from the key file {self.path.name}: "
            "file replaced and synced, former content overwritten with zeros"
        )

    def _replace(self, keys: dict[int, bytes], current: int) -> None:
        try:
            draft = _write_draft(self.path, keys, current)
            with self.path.open("r+b") as former:
                draft.replace(self.path)
                _sync_folder(self.path.parent)
                former.write(bytes(os.fstat(former.fileno()).st_size))
                former.flush()
                os.fsync(former.fileno())
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be replaced: {error.strerror}") from None
        self._keys, current, self._stamp = _read(self.path)
        self._load(self._keys, current)


def _missing(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"key file {path} does not exist; run `consentcore init` for a new installation, or restore the file"
    )


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path) -> tuple[dict[int, bytes], int, tuple[int, int, int]]:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            raw = file.read(_MAX_SIZE + 1)
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as error:
        raise ConfigurationError(f"key file {path} cannot be read: {error.strerror}") from None
    if os.name == "posix" and stat.S_IMODE(found.st_mode) & 0o077:
        raise ConfigurationError(f"key file {path} is open to group or others; set its mode to 0600")
    if len(raw) > _MAX_SIZE:
        raise ConfigurationError(f"key file {path} is larger than {_MAX_SIZE} bytes")
    keys, current = _parse(raw, path)
    return keys, current, _stamp(found)


def _parse(raw: bytes, path: Path) -> tuple[dict[int, bytes], int]:
    try:
        document = json.loads(raw.decode("ascii"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise ConfigurationError(f"key file {path} is not JSON of the format {FORMAT}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ConfigurationError(f"key file {path} is not of the format {FORMAT}")
    epochs, current = document.get("epochs"), document.get("current")
    if set(document) != {"format", "current", "epochs"} or not isinstance(epochs, dict) or type(current) is not int:
        raise ConfigurationError(f"key file {path} needs exactly format, current and epochs")
    keys = {
        decode_epoch(number, f"key file {path}"): decode_key(text, f"epoch {number} in key file {path}")
        for number, text in epochs.items()
    }
    if current not in keys:
        raise ConfigurationError(f"key file {path} names epoch {current} as current but does not hold it")
    return keys, current


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _write_draft(path: Path, keys: dict[int, bytes], current: int) -> Path:
    document = {
        "format": FORMAT,
        "current": current,
        "epochs": {str(epoch): base64.b64encode(key).decode() for epoch, key in sorted(keys.items())},
    }
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(document, indent=1).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    return draft


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
