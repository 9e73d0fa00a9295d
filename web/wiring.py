"""Putting the service together: engines, keyring, policies and the bound session factory, checked before use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from consentcore.binding import bind
from consentcore.crypto.keyring import Keyring
from consentcore.crypto.providers import KekProvider, provider_from
from consentcore.db import check_promises, make_engine, parse_url
from consentcore.errors import ConfigurationError
from consentcore.personal_data.wall import VERB, WORDS, Verb
from consentcore.policyset import PolicySet
from policies.loader import load
from web import rowsecurity, schema
from web.schema import History
from web.settings import Settings
from web.startup import refuse_lost_keys
from web.transaction import reading

KEK_FILE_PREFIX = "file:"


@dataclass(frozen=True, slots=True)
class Service:
    """A wired service: what every face and command works with."""

    settings: Settings
    engine: Engine
    keyring: Keyring
    policy: PolicySet
    sessions: sessionmaker[Session]
    walled: bool = False
    """Whether the database hides persons from units that do not say what they do (docs/operations.md)."""

    def acting(self, verb: Verb) -> Service:
        """Return this service with sessions that say a verb to the second wall; itself where there is none."""
        if not self.walled:
            return self
        return replace(self, sessions=bound_sessions(self.engine, self.keyring, verb))

    def now(self) -> datetime:
        """Return the current instant as the settings tell it."""
        return self.settings.now()


@contextmanager
def engines(settings: Settings) -> Iterator[tuple[Engine, Engine]]:
    """Build the engines of the main database and of the keyring; every connection is given back at the end."""

    def engine(url: str) -> Engine:
        return make_engine(url, prepare_threshold=settings.prepare_threshold, pool_size=settings.pool_size)

    main, keyring = engine(settings.database_url), engine(settings.keyring_url)
    try:
        yield main, keyring
    finally:
        main.dispose()
        keyring.dispose()


def provider(settings: Settings, environ: Mapping[str, str] = os.environ) -> KekProvider:
    """Load the provider of the key-encryption key.

    Raises: ConfigurationError when it is missing or unreadable.
    """
    return provider_from(settings.kek, environ)


def bound_sessions(engine: Engine, keyring: Keyring, verb: Verb | None = None) -> sessionmaker[Session]:
    """Make a session factory bound to log and keys; with a verb, its sessions say it to the second wall."""
    info = {WORDS: {VERB: verb.value}} if verb is not None else {}
    sessions = sessionmaker(engine, expire_on_commit=False, info=info)
    bind(sessions, keyring)
    return sessions


@contextmanager
def open_service(settings: Settings, verb: Verb = Verb.MAINTAIN) -> Iterator[Service]:
    """Wire the service on databases that `consentcore init` prepared; `verb` is what it does, for the second wall.

    Raises: ConfigurationError when something is missing, behind, or not as safe as promised; DecryptionFailed when
    the key-encryption key is not the one that this keyring was made with.
    """
    _require_sqlite_file(settings.database_url, "main")
    _require_sqlite_file(settings.keyring_url, "keyring")
    with engines(settings) as (engine, keyring_engine):
        yield _wire(settings, engine, keyring_engine, verb)


def _wire(settings: Settings, engine: Engine, keyring_engine: Engine, verb: Verb) -> Service:
    for one, which in ((engine, History.MAIN), (keyring_engine, History.KEYRING)):
        check_promises(one)
        found = schema.check(one, which)
        if found:
            raise ConfigurationError(found[0])
    keyring = Keyring(keyring_engine, provider(settings))
    keyring.check()
    walled = rowsecurity.stands(engine)
    sessions = bound_sessions(engine, keyring, verb if walled else None)
    with reading(sessions) as session:
        refuse_lost_keys(session, keyring)
    return Service(settings, engine, keyring, load(settings.policies), sessions, walled)


def sqlite_file(url_text: str) -> Path | None:
    """Return the file of a SQLite URL, or None for a server."""
    url = parse_url(url_text)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _require_sqlite_file(url_text: str, which: str) -> None:
    # opening would create an empty file where a mistyped path is the likelier cause
    path = sqlite_file(url_text)
    if path is not None and not path.exists():
        raise ConfigurationError(f"the {which} database {path} does not exist; run `consentcore init` first")
