"""Gathering what outside witnesses hold of the log, each word checked by the key it was given under."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from sqlalchemy.orm import Session

from consentcore.clock import iso
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger.checkpoint import Checkpoint, open_checkpoint
from consentcore.ledger.cosigning import Cosignature, check_cosignature, verify_cosignatures
from consentcore.ledger.note import VerifierKey
from consentcore.ledger.outside import Outside
from consentcore.ledger.witnessed import cosignatures, timestamps
from web.settings import Settings
from web.witness.timestamp import check, check_unsigned, read_authorities


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word counts: certificates of time-stamping authorities, keys of witnesses, how many must have cosigned."""

    authorities: tuple[x509.Certificate, ...] = ()
    keys: tuple[VerifierKey, ...] = ()
    quorum: int = 0


@dataclass(slots=True)
class Gathered:
    """States that others hold; `misfits` name what is stored and does not hold.

    `unchecked` counts words whose key is not known here: they are compared with the log all the same.
    """

    states: list[Outside] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)
    timestamps: int = 0
    cosignatures: int = 0
    files: int = 0
    unchecked: int = 0
    reached: dict[bytes, int] = field(default_factory=dict)

    def witnessed_size(self, quorum: int) -> int:
        """Return how many leaves at least `quorum` witnesses vouch for, 0 where fewer cosigned anything."""
        sizes = sorted(self.reached.values(), reverse=True)
        return sizes[quorum - 1] if 0 < quorum <= len(sizes) else 0

    def as_data(self) -> Mapping[str, Any]:
        """Return the counts ready for JSON."""
        return {
            "timestamps": self.timestamps,
            "cosignatures": self.cosignatures,
            "files": self.files,
            "unchecked": self.unchecked,
            "witnessed_size": self.witnessed_size(1),
        }


def trust_of(settings: Settings) -> Trust:
    """Return whose word counts by the settings.

    Raises: ConfigurationError when the authority's certificates cannot be read.
    """
    authorities = read_authorities(settings.tsa_ca) if settings.tsa_ca else ()
    return Trust(authorities, tuple(one.key for one in settings.witnesses))


def gather(session: Session, keyring: Keyring, trust: Trust, files: Mapping[str, str] | None = None) -> Gathered:
    """Check what is stored and what was handed in, and return the states that the log must continue.

    `files` are signed notes by the name that a sentence calls them.
    Raises: BadInput or LedgerTampered when one of `files` is no checkpoint that this log signed, or a known
    witness's line on it is wrong.
    """
    made, origin = Gathered(), keyring.log_signer().name
    _timestamps(session, origin, trust, made)
    _cosignatures(session, origin, trust, made)
    for name, note in (files or {}).items():
        _file(name, note, keyring.log_vkeys(), trust, made)
    if made.witnessed_size(trust.quorum) == 0 and trust.quorum:
        made.misfits.append(f"{len(made.reached)} of the witnesses given cosigned this log, {trust.quorum} are wanted")
    return made


def _timestamps(session: Session, origin: str, trust: Trust, made: Gathered) -> None:
    for one in timestamps(session):
        who = f"the time stamp of {one.tsa} of {iso(one.at)}"
        body = Checkpoint(origin, one.size, one.root).body().encode()

        def look(token: bytes = one.token, body: bytes = body) -> object:
            return check(token, body, trust.authorities) if trust.authorities else check_unsigned(token, body)

        token = _held(look, who, made)
        if token is not None and getattr(token, "at", None) != one.at:
            made.misfits.append(f"{who} is of another instant than is written beside it")
        made.states.append(Outside(one.size, one.root, who))
        made.timestamps += 1
        made.unchecked += not trust.authorities


def _cosignatures(session: Session, origin: str, trust: Trust, made: Gathered) -> None:
    known = {(key.name, key.key_id): key for key in trust.keys}
    for one in cosignatures(session):
        key = known.get((one.by.name, one.by.key_id))
        who = f"the cosignature of {one.by.name} of {iso(one.by.at)}"
        body = Checkpoint(origin, one.size, one.root).body()
        made.cosignatures += 1
        made.states.append(Outside(one.size, one.root, who))
        if key is None:
            made.unchecked += 1
            continue

        def look(by: Cosignature = one.by, key: VerifierKey = key, body: str = body) -> object:
            check_cosignature(by, key, body)
            return by

        if _held(look, who, made) is not None:
            _reached(made, key, one.size)


def _file(name: str, note: str, vkeys: Sequence[str], trust: Trust, made: Gathered) -> None:
    said = open_checkpoint(note, vkeys)
    by = {(key.name, key.key_id): key for key in trust.keys}
    given = verify_cosignatures(note, trust.keys)
    for one in given:
        _reached(made, by[one.name, one.key_id], said.size)
    witnesses = ", ".join(one.name for one in given)
    made.states.append(Outside(said.size, said.root, f"{name} (cosigned by {witnesses})" if witnesses else name))
    made.files += 1


def _held(look: Callable[[], object], who: str, made: Gathered) -> object | None:
    try:
        return look()
    except (BadInput, LedgerTampered) as found:
        made.misfits.append(f"{who} does not hold: {found}")
        return None


def _reached(made: Gathered, key: VerifierKey, size: int) -> None:
    made.reached[key.public] = max(size, made.reached.get(key.public, 0))
