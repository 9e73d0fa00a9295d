"""The keyring: a subject's keys are born here first and die here last, in a database of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.exc import IntegrityError, OperationalError

from consentcore.clock import ensure_utc
from consentcore.crypto import epochs, keystore
from consentcore.crypto.envelope import FieldCipher
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keystore import Tombstone
from consentcore.crypto.providers import KekProvider
from consentcore.crypto.rootkeys import RootKeys
from consentcore.crypto.tables import KEYS, STATE, TOMBSTONES
from consentcore.crypto.unwrapping import cache_key, new_keys, unwrap_ciphers
from consentcore.db import BEGIN_OPTION, is_deadlock
from consentcore.errors import Conflict, NotFound

KEYRING_KEY = "cc_keyring"
"""Where a bound session keeps its keyring: `session.info[KEYRING_KEY]`."""
_TRIES = 8


class KeyDestroyed(NotFound):
    """The key was destroyed: what it sealed cannot be opened by anyone any more."""

    default_code = "key_destroyed"


@dataclass(frozen=True, slots=True)
class KeyringStatus:
    """Counts of a keyring; `epochs` are those whose KEK is not destroyed, `held` those the provider can open."""

    installation_id: UUID
    provider: str
    epoch: int
    epochs: tuple[int, ...]
    held: tuple[int, ...]
    subjects: int
    tombstones: int
    index_generations: tuple[int, ...]
    shared_generations: tuple[int, ...]
    log_generations: tuple[int, ...]
    """Of the log's key those that can still sign; every public key is told by `log_keys`."""


def initialised(engine: Engine) -> bool:
    """Tell whether a keyring was ever made in this database: then a missing KEK must be restored, never made anew."""
    with engine.execution_options(**{BEGIN_OPTION: "DEFERRED"}).connect() as connection:
        return inspect(connection).has_table(STATE.name) and keystore.read_version(connection) is not None


class Keyring(RootKeys):
    """Keys of subjects and of the installation; safe to share between threads, engines must not cross a fork.

    `engine` comes from `consentcore.db.make_engine` and leads to the keyring's own database. `cache_size` bounds the
    number of open (subject, class) keys in memory, 3 kB each.
    """

    def __init__(self, engine: Engine, provider: KekProvider, *, cache_size: int = 10_000) -> None:
        super().__init__(engine, provider, cache_size)

    def initialise(self, now: datetime) -> None:
        """Make epoch, roots and installation id, once; later calls only check that they open.

        Raises: ConfigurationError when the provider's KEK is not the one this keyring was made with.
        """
        for _ in range(_TRIES):
            try:
                with self.engine.begin() as connection:
                    if keystore.read_version(connection) is None:
                        epochs.make_first(connection, self.provider, ensure_utc(now))
                break
            except IntegrityError:  # another process initialises at this moment: look again
                continue
        self.check()

    def ensure(self, subjects: Iterable[UUID], now: datetime) -> None:
        """Give every subject its three keys, unless it has them; committed at once, before any row that needs them.

        Raises: Conflict for a subject one of whose keys was destroyed, ConfigurationError for a wrong KEK.
        """
        wanted = sorted({subject.bytes for subject in subjects})
        if not wanted:
            return
        self._ready()
        for _ in range(_TRIES):
            try:
                with self.engine.begin() as connection:
                    self._ensure(connection, wanted, ensure_utc(now))
                return
            except (IntegrityError, OperationalError) as error:
                if isinstance(error, OperationalError) and not is_deadlock(error):
                    raise
        raise Conflict("the keys of some subjects are being made by too many processes at once; try again")

    def _ensure(self, connection: Connection, wanted: Sequence[bytes], now: datetime) -> None:
        alive, dead = keystore.read_traces(connection, wanted)
        if dead:
            raise Conflict(
                f"a key of subject {UUID(bytes=min(dead))} was destroyed; its keys are not made again: "
                "a person who comes back gets a new subject"
            )
        missing = [(raw, each) for raw in wanted for each in KeyClass if (raw, each.value) not in alive]
        if missing:
            epoch = epochs.lock_current(connection)
            keystore.insert_keys(connection, new_keys(self.provider, epoch, missing), now)

    def warm(self, subjects: Iterable[UUID], key_class: KeyClass) -> None:
        """Open the keys of many subjects ahead of use: one query for all that are not open yet."""
        self.ciphers({subject.bytes for subject in subjects}, key_class)

    def ciphers(self, subjects: Iterable[bytes], key_class: KeyClass) -> dict[bytes, FieldCipher]:
        """Return the newest cipher of each subject (16 raw bytes) that has a key of this class.

        Reads the keyring's version once, so that a key destroyed by another process is not used any more.
        Raises: DecryptionFailed for a key that does not open, ConfigurationError before initialisation.
        """
        found: dict[bytes, FieldCipher] = {}
        missing: list[bytes] = []
        get = self._cache.get
        tail = cache_key(b"", key_class)
        with self.reading() as connection:
            version = self._see(keystore.read_version(connection))
            for subject in subjects:
                cipher = get(subject + tail)
                if cipher is None:
                    missing.append(subject)
                else:
                    found[subject] = cipher
            rows = keystore.read_keys(connection, missing, key_class) if missing else []
        if rows:
            opened = unwrap_ciphers(self.provider, rows, key_class)
            self._cache.put(version, opened)
            for name, cipher in opened.items():
                found[name[:16]] = cipher
        return found

    def field_cipher(self, subject: UUID, key_class: KeyClass, gen: int | None = None) -> FieldCipher:
        """Return the cipher of a subject's key, the newest generation unless one is named.

        Raises: KeyDestroyed, NotFound when there never was one, DecryptionFailed when it does not open.
        """
        raw = subject.bytes
        if gen is None:
            self._look()  # to seal: never for long under a generation that a rotation is leaving
        cipher = self._cache.get(cache_key(raw, key_class))
        if cipher is not None and gen is not None and cipher.generation(gen) is None:
            self._cache.drop(cache_key(raw, key_class))  # another process may have made that generation since
            cipher = None
        if cipher is None:
            cipher = self.ciphers([raw], key_class).get(raw)
        if cipher is None:
            raise self._absent(subject, key_class)
        chosen = cipher if gen is None else cipher.generation(gen)
        if chosen is None:
            raise NotFound(f"the {key_class.value} key of subject {subject} has no generation {gen}")
        return chosen

    def commitment_root(self, subject: UUID) -> bytes:
        """Return K_commit for new events, derived from the subject's newest evidence key; errors as `field_cipher`."""
        return self.commitment_roots(subject)[0]

    def commitment_roots(self, subject: UUID) -> tuple[bytes, ...]:
        """Return K_commit of every generation there was, newest first: an event keeps the one it was written under.

        Raises: as `field_cipher`.
        """
        roots = self.field_cipher(subject, KeyClass.EVIDENCE).commit_roots
        if not roots:  # the evidence class always carries it
            raise NotFound(f"subject {subject} has no commitment key")
        return roots

    def _absent(self, subject: UUID, key_class: KeyClass) -> NotFound:
        with self.reading() as connection:
            if keystore.read_tombstones(connection, subject.bytes, key_class):
                return KeyDestroyed(f"the {key_class.value} key of subject {subject} was destroyed")
        return NotFound(f"subject {subject} has no {key_class.value} key; keys are made by Keyring.ensure")

    def destroy_key(self, subject: UUID, key_class: KeyClass, now: datetime) -> Tombstone:
        """Delete every generation of a key for good and leave tombstones; committed at once, repeatable.

        Returns: the newest generation's tombstone. Raises: NotFound when there never was such a key.
        """
        at = ensure_utc(now)
        with self.engine.begin() as connection:
            keys = keystore.lock_keys(connection, subject.bytes, key_class)
            if keys:
                stones = keystore.take_superseded(connection, subject.bytes, key_class)
                stones += [keystore.stone_of(key, at) for key in keys]
                self._see(keystore.bury(connection, subject.bytes, key_class, stones))
            else:
                stones = keystore.read_tombstones(connection, subject.bytes, key_class)
        if not stones:
            raise NotFound(f"subject {subject} has no {key_class.value} key to destroy")
        return stones[-1]

    def tombstones(self, subject: UUID) -> list[Tombstone]:
        """Return what is left of a subject's destroyed keys."""
        with self.reading() as connection:
            return keystore.read_tombstones(connection, subject.bytes)

    def missing(self, subjects: Iterable[UUID]) -> list[UUID]:
        """Return the subjects that have neither key nor tombstone, in the order given."""
        asked = {subject.bytes: subject for subject in subjects}
        with self.reading() as connection:
            alive, dead = keystore.read_traces(connection, list(asked))
        known = dead.union(raw for raw, _ in alive)
        return [subject for raw, subject in asked.items() if raw not in known]

    def status(self) -> KeyringStatus:
        """Count what the keyring holds."""
        with self.reading() as connection:
            current, live = epochs.read_live(connection)
            subjects = connection.execute(select(func.count(KEYS.c.subject_ref.distinct()))).scalar_one()
            tombstones = connection.execute(select(func.count()).select_from(TOMBSTONES)).scalar_one()
        return KeyringStatus(
            installation_id=self.installation_id,
            provider=self.provider.name,
            epoch=current,
            epochs=live,
            held=self.provider.epochs(),
            subjects=subjects,
            tombstones=tombstones,
            index_generations=self.index_generations(),
            shared_generations=self.shared_generations(),
            log_generations=tuple(key.generation for key in self.log_keys() if key.signer is not None),
        )

    def forget(self) -> None:
        """Drop every open key of subjects from memory (best effort: Python cannot wipe bytes)."""
        self._cache.clear()
