"""What a witness remembers, in a folder of its own: its key, and for each log the latest checkpoint it cosigned.

Each is one small text file. A cosigned checkpoint is written beside the old one, brought to disk, put in its place,
and the folder is brought to disk too, before the witness answers. One process uses the folder at a time.
**Never restore this folder from a backup**: a witness that forgot can be made to cosign a second history. Whoever
lost it makes a new witness, with a new key.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from consentcore.errors import BadInput, ConfigurationError, IntegrityFailure
from consentcore.ledger.checkpoint import parse_body
from consentcore.ledger.cosigning import Cosigner, verify_cosignatures
from consentcore.ledger.note import take_apart
from web.files import write_atomically
from web.witness.protocol import Seen

KEY = "witness-key.json"
LOCK = "lock"
MOST_CONTRADICTIONS = 100


class Folder:
    """The memory of one witness; `holding` opens it for the one process that may use it."""

    def __init__(self, path: Path, cosigner: Cosigner) -> None:
        self.path = path
        self.cosigner = cosigner

    def latest(self, origin: str) -> Seen | None:
        """Return the latest state cosigned, None if there was none.

        Raises: IntegrityFailure when the file was changed: a witness that cannot trust its memory cosigns nothing.
        """
        try:
            note = self.file(origin).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            if len(verify_cosignatures(note, [self.cosigner.key])) != 1:
                raise BadInput("it lacks this witness's own cosignature")
            said = _body_of(take_apart(note)[0])
        except (BadInput, IntegrityFailure) as found:
            raise IntegrityFailure(
                f"the memory of this witness was changed ({self.file(origin).name}): {found}"
            ) from None
        if said[0] != origin:
            raise IntegrityFailure(
                f"the memory of this witness was changed: {self.file(origin).name} is of another log"
            )
        return said[1]

    def keep(self, origin: str, note: str) -> None:
        """Keep a cosigned checkpoint as the latest; it is on disk when this returns."""
        write_atomically(self.file(origin), note, mode=0o644)
        _sync_folder(self.path)

    def note_contradiction(self, note: str) -> None:
        """Keep a signed checkpoint that contradicts the latest, up to a number of them."""
        path = self.path / f"contradiction-{sha256(note.encode()).hexdigest()[:16]}.txt"
        if not path.exists() and len(list(self.path.glob("contradiction-*.txt"))) < MOST_CONTRADICTIONS:
            write_atomically(path, note, mode=0o644)

    def file(self, origin: str) -> Path:
        """Return the file of a log's latest checkpoint; it can be given to `ledger verify --against` as it is."""
        readable = re.sub(r"[^A-Za-z0-9.-]+", "_", origin)[:60].strip(".")
        return self.path / f"{readable}-{sha256(origin.encode()).hexdigest()[:16]}.checkpoint"


@contextmanager
def holding(path: Path, name: str | None = None) -> Iterator[Folder]:
    """Open a witness's folder for this process alone; a new one gets a key, under `name` or a random one.

    Raises: ConfigurationError when another process holds it, or it names a witness of another name.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (path / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError("another process uses this witness's folder; a witness has one writer") from None
        yield Folder(path, _key(path, name))


def read_vkey(path: Path, name: str | None = None) -> str:
    """Return the public key of the witness in a folder, which may be in use; a new one gets a key.

    Raises: ConfigurationError.
    """
    if (path / KEY).exists():
        return _key(path, name).vkey
    with holding(path, name) as made:
        return made.cosigner.vkey


def _key(path: Path, name: str | None) -> Cosigner:
    file = path / KEY
    if not file.exists():
        if any(path.glob("*.checkpoint")):
            raise ConfigurationError("this folder has checkpoints and no key: it is no whole witness, make a new one")
        seed = base64.b64encode(secrets.token_bytes(32)).decode()
        made = {"name": name or f"consentcore-witness-{secrets.token_hex(4)}", "seed": seed}
        Cosigner(made["name"], base64.b64decode(seed))
        write_atomically(file, json.dumps(made) + "\n")
        _sync_folder(path)
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        cosigner = Cosigner(kept["name"], base64.b64decode(kept["seed"], validate=True))
    except (OSError, ValueError, KeyError, TypeError, BadInput):
        raise ConfigurationError(f"{KEY} cannot be read as the key of a witness") from None
    if name is not None and name != cosigner.key.name:
        raise ConfigurationError(f"the witness in this folder is named {cosigner.key.name}; a name is for good")
    return cosigner


def _body_of(body: str) -> tuple[str, Seen]:
    said = parse_body("".join(body.splitlines(keepends=True)[:3]))
    return said.origin, Seen(said.size, said.root)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
