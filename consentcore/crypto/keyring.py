"""The keyring: a subject's keys are born here first and die here last, in a database of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.exc import IntegrityError, OperationalError

from consentcore.clock import ensure_utc
from consentcore.crypto import epochs, keystore
from consentcore.crypto.envelope import FieldCipher
from consentcore.crypto.keycache import KeyCache
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keystore import Tombstone
from consentcore.crypto.providers import KekProvider
from consentcore.crypto.roots import INDEX, Roots
from consentcore.crypto.signing import Signer
from consentcore.crypto.tables import KEYS, STATE, TOMBSTONES
from consentcore.crypto.unwrapping import cache_key, new_keys, unwrap_ciphers
from consentcore.db import BEGIN_OPTION
from consentcore.errors import ConfigurationError, Conflict, NotFound

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


def initialised(engine: Engine) -> bool:
    """Tell whether a keyring was ever made in this database: then a missing KEK must be restored, never made anew."""
    with engine.execution_options(**{BEGIN_OPTION: "DEFERRED"}).connect() as connection:
        return inspect(connection).has_table(STATE.name) and keystore.read_version(connection) is not None


class Keyring:
    """Keys of subjects and of the installation; safe to share between threads, engines must not cross a fork.

    `engine` comes from `consentcore.db.make_engine` and leads to the keyring's own database. `cache_size` bounds the
    number of open (subject, class) keys in memory, 3 kB each.
    """

    def __init__(self, engine: Engine, provider: KekProvider, *, cache_size: int = 10_000) -> None:
        self.engine = engine
        self.provider = provider
        self._reader = engine.execution_options(**{BEGIN_OPTION: "DEFERRED"})
        self._cache = KeyCache(cache_size)
        self._roots = Roots(provider)
        self._installation: UUID | None = None
        self._signer: Signer | None = None

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

    def check(self) -> None:
        """Open the check value of every live epoch, and every root.

        Raises: ConfigurationError for a wrong or missing KEK, DecryptionFailed for a root that was tampered with.
        """
        with self.reading() as connection:
            epochs.check(connection, self.provider)
            self._load(connection)

    @property
    def installation_id(self) -> UUID:
        """The random name of this installation."""
        self._ready()
        if self._installation is None:
            raise ConfigurationError("the keyring names no installation")
        return self._installation

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
                if isinstance(error, OperationalError) and not _is_deadlock(error):
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
            version = keystore.read_version(connection)
            if version is None:
                raise _uninitialised()
            self._cache.see(version)
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

    def commitment_root(self, subject: UUID, gen: int | None = None) -> bytes:
        """Return K_commit, derived from the subject's evidence key; errors as `field_cipher`."""
        commit = self.field_cipher(subject, KeyClass.EVIDENCE, gen).commit
        if commit is None:  # the evidence class always carries it
            raise NotFound(f"subject {subject} has no commitment key")
        return commit

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
        version = -1
        with self.engine.begin() as connection:
            keys = keystore.lock_keys(connection, subject.bytes, key_class)
            if keys:
                stones = [
                    Tombstone(subject, key_class, key.gen, key.kek_epoch, hashlib.sha256(key.wrapped).hexdigest(), at)
                    for key in keys
                ]
                version = keystore.bury(connection, subject.bytes, key_class, stones)
            else:
                stones = keystore.read_tombstones(connection, subject.bytes, key_class)
        self._cache.see(version)
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

    def shared_cipher(self, table_number: int, gen: int | None = None) -> FieldCipher:
        """Return the cipher for rows of one table that have no subject (they are sealed with `bytes(16)` for it)."""
        self._ready()
        return self._roots.shared_cipher(table_number, gen)

    def index_key(self, field_number: int, gen: int | None = None) -> tuple[int, HMAC]:
        """Return a generation and a fresh keyed HMAC-SHA256 for the blind index of one field."""
        self._ready()
        return self._roots.index_key(field_number, gen)

    def index_generations(self) -> tuple[int, ...]:
        """Return the live generations of the index key, newest first."""
        self._ready()
        return self._roots.generations(INDEX)

    def log_signer(self) -> Signer:
        """Return the key that signs checkpoints and certificates; its name is the log's origin."""
        self._ready()
        if self._signer is None:
            self._signer = Signer(f"consentcore/{self.installation_id}", self._roots.log_seed())
        return self._signer

    def status(self) -> KeyringStatus:
        """Count what the keyring holds."""
        with self.reading() as connection:
            current, live = epochs.read_live(connection)
            subjects = connection.execute(select(func.count(KEYS.c.subject_ref.distinct()))).scalar_one()
            tombstones = connection.execute(select(func.count()).select_from(TOMBSTONES)).scalar_one()
        held = self.provider.epochs()
        generations = self.index_generations()
        return KeyringStatus(
            self.installation_id, self.provider.name, current, live, held, subjects, tombstones, generations
        )

    def forget(self) -> None:
        """Drop every open key of subjects from memory (best effort: Python cannot wipe bytes)."""
        self._cache.clear()

    def reading(self) -> Connection:
        """Open a connection for reading; use it in a `with` block."""
        return self._reader.connect()

    def _ready(self) -> None:
        if not self._roots.loaded:
            self.check()

    def _load(self, connection: Connection) -> None:
        found = connection.execute(select(STATE.c.installation_id).where(STATE.c.id == 1)).scalar_one_or_none()
        if found is None:
            raise _uninitialised()
        self._roots.load(connection)
        self._installation, self._signer = found, None


def _uninitialised() -> ConfigurationError:
    return ConfigurationError("the keyring was never initialised; run `consentcore init`")


def _is_deadlock(error: OperationalError) -> bool:
    arguments = getattr(error.orig, "args", ())
    return getattr(error.orig, "sqlstate", None) == "40P01" or bool(arguments and arguments[0] == 1213)
