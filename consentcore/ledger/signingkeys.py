"""Which keys sign the next checkpoint: those that signed the one before, unless the unit says otherwise.

The log itself is the authority, read under its lock: so a process that has not heard of a rotation yet goes on in step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from consentcore.crypto.keyring import Keyring
from consentcore.crypto.rootkeys import LogKey
from consentcore.errors import LedgerTampered
from consentcore.ledger.note import NoteSigner, parse_line, parse_vkey, take_apart


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What changes with one unit: public keys that sign from now on, and those that do not any more."""

    added: frozenset[str] = frozenset()
    retired: frozenset[str] = frozenset()


class SigningKeys(Protocol):
    """Keys to verify the newest checkpoint by, and to sign the next one with; key ids have four bytes."""

    def vkeys(self, signed_by: frozenset[bytes]) -> Sequence[str]:
        """Return the public keys by which a checkpoint may hold that has signatures of these key ids."""

    def signers(self, signed_by: frozenset[bytes]) -> Sequence[NoteSigner]:
        """Return who signs after a checkpoint with signatures of these key ids, none where the log is empty."""


@dataclass(frozen=True, slots=True)
class OneKey:
    """A key that never changes."""

    signer: NoteSigner
    vkey: str

    def vkeys(self, signed_by: frozenset[bytes]) -> Sequence[str]:
        """Return it."""
        return (self.vkey,)

    def signers(self, signed_by: frozenset[bytes]) -> Sequence[NoteSigner]:
        """Return it."""
        return (self.signer,)


class KeysInForce:
    """The keys of a keyring; read again when the log shows one that this process has not heard of."""

    def __init__(self, keyring: Keyring, change: KeyChange | None = None) -> None:
        self._keyring = keyring
        self._change = change or KeyChange()

    def vkeys(self, signed_by: frozenset[bytes]) -> Sequence[str]:
        """Return the keys that are not retired: what a retired one alone has signed is no tail to build on."""
        known = self._known(signed_by)
        return tuple(key.vkey for key in known.values())

    def signers(self, signed_by: frozenset[bytes]) -> Sequence[NoteSigner]:
        """Return who signs next, the newest key first.

        Raises: LedgerTampered when the log is signed by a key that this keyring does not hold, or by none.
        """
        known = self._known(signed_by)
        ids = {key_id for key_id, key in known.items() if key.current} if not signed_by else set(signed_by)
        ids |= {parse_vkey(vkey).key_id for vkey in self._change.added}
        ids -= {parse_vkey(vkey).key_id for vkey in self._change.retired}
        if not ids or not ids <= set(known):
            raise LedgerTampered("the newest checkpoint is signed by a key that this keyring does not sign with")
        return [key.signer for key_id, key in known.items() if key_id in ids and key.signer is not None]

    def _known(self, signed_by: frozenset[bytes]) -> dict[bytes, LogKey]:
        known = self._by_id()
        if not signed_by <= set(known):
            self._keyring.refresh()
            known = self._by_id()
        return known

    def _by_id(self) -> dict[bytes, LogKey]:
        return {key.signer.key_id: key for key in self._keyring.log_keys() if key.signer is not None}


def key_ids(note: bytes) -> frozenset[bytes]:
    """Return the ids (four bytes) of the keys whose signatures a note claims to have; nothing is verified.

    Raises: BadInput.
    """
    _, lines = take_apart(note.decode(errors="replace"))
    return frozenset(parse_line(line)[1][:4] for line in lines)
