"""`consentcore init` and `db`: preparing and checking databases, keys and policies."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine

from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyring import Keyring, initialised
from consentcore.db import check_promises, make_engine
from consentcore.ledger.append import ensure_log
from consentcore.personal_data.wall import Verb
from policies.applied import apply
from policies.loader import load
from web import rowsecurity, schema
from web.cli.command import Command, Group, NotVerified
from web.schema import History
from web.settings import Settings, read_settings
from web.startup import lost_keys
from web.transaction import reading, unit
from web.wiring import KEK_FILE_PREFIX, bound_sessions, engines, provider, sqlite_file

MOST_NAMED = 20


@click.command(cls=Command)
def init() -> dict[str, Any]:
    """Prepare databases, keyring, key file, log and policies; doing it again changes nothing."""
    return prepared(read_settings(os.environ))


def prepared(settings: Settings) -> dict[str, Any]:
    """Do what `consentcore init` does, and tell what was done.

    Raises: ConfigurationError, and whatever keeps policies, databases or keyring from being used.
    """
    policy = load(settings.policies)
    _make_folders(settings)
    with engines(settings) as (engine, keyring_engine):
        steps = [*_upgraded(keyring_engine, History.KEYRING), *_main_upgraded(settings, engine)[0]]
        made_kek = _make_kek(settings, keyring_engine)
        keyring = Keyring(keyring_engine, provider(settings))
        keyring.initialise(settings.now())
        keyring.check()
        sessions = bound_sessions(engine, keyring, Verb.MAINTAIN if rowsecurity.stands(engine) else None)
        with unit(sessions) as session:
            ensure_log(session.connection())
        with unit(sessions) as session:
            newly = apply(session, settings.policies, policy, settings.now())
        return {
            "database": engine.url.render_as_string(hide_password=True),
            "keyring": keyring_engine.url.render_as_string(hide_password=True),
            "kek_created": made_kek,
            "migrations": len(steps),
            "policy_sha256": policy.sha256,
            "policies_applied": newly,
            "log": keyring.log_signer().name,
        }


def _upgraded(engine: Engine, which: History) -> list[str]:
    check_promises(engine)
    before = schema.current(engine)
    schema.upgrade(engine, which)
    known = schema.revisions(which)
    return list(known[known.index(before) + 1 :] if before in known else known)


def _main_upgraded(settings: Settings, engine: Engine) -> tuple[list[str], list[str]]:
    """Migrate the main database, as its owner where one is named; returns steps, and tables behind the wall."""
    if settings.migrate_url is None:
        return _upgraded(engine, History.MAIN), []
    owner = make_engine(settings.migrate_url, prepare_threshold=settings.prepare_threshold)
    try:
        steps = _upgraded(owner, History.MAIN)
        return steps, rowsecurity.raise_wall(owner, str(engine.url.username))
    finally:
        owner.dispose()


def _make_folders(settings: Settings) -> None:
    for url in (settings.database_url, settings.keyring_url):
        path = sqlite_file(url)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)


def _make_kek(settings: Settings, keyring_engine: Engine) -> bool:
    if not settings.kek.startswith(KEK_FILE_PREFIX):
        return False
    path = Path(settings.kek.removeprefix(KEK_FILE_PREFIX))
    if path.exists() or initialised(keyring_engine):  # a missing file of a living keyring is restored, never remade
        return False
    FileKek.create(path)
    return True


@click.group(cls=Group)
def db() -> None:
    """Bring the databases up to this version, or check that they are."""


@db.command()
def upgrade() -> dict[str, Any]:
    """Run the migrations that are missing, keyring first; with two roles, raise the second wall anew."""
    settings = read_settings(os.environ)
    with engines(settings) as (engine, keyring_engine):
        keyring_steps = _upgraded(keyring_engine, History.KEYRING)
        steps, walled = _main_upgraded(settings, engine)
        return {"keyring": keyring_steps, "main": steps, "walled": len(walled)}


@db.command()
def check() -> dict[str, Any]:
    """Say whether both databases are at this version and every person has a key or a record of its destruction."""
    settings = read_settings(os.environ)
    with engines(settings) as (engine, keyring_engine):
        problems = [
            problem
            for one, which in ((keyring_engine, History.KEYRING), (engine, History.MAIN))
            for problem in schema.check(one, which)
        ]
        wall = None if problems else rowsecurity.problems_of_wall(engine)
        if wall is None and settings.migrate_url is not None and not problems:
            problems = ["two roles are set, but no second wall stands; run `consentcore db upgrade`"]
        problems += wall or []
        if not problems:
            keyring = Keyring(keyring_engine, provider(settings))
            with reading(bound_sessions(engine, keyring, None if wall is None else Verb.AUDIT)) as session:
                lost = list(islice(lost_keys(session, keyring), MOST_NAMED))
            problems = [f"person {ref} has neither key nor record of its destruction" for ref in lost]
    if problems:
        raise NotVerified("; ".join(problems), {"ok": False, "problems": problems, "second_wall": wall == []})
    return {"ok": True, "problems": [], "second_wall": wall == []}
