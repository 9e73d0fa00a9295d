"""A wired service on throw-away databases, without migrations: its tables come from the models."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from tests.builders.databases import Database
from tests.builders.policies import shipped
from web.settings import read_settings
from web.wiring import Service


def wired_service(
    database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, folder: Path
) -> Service:
    """Wire a service whose clock stands still and whose mail lies in `folder`."""
    settings = replace(read_settings({}), env="development", fixed_now=now, mail=f"file:{folder}/mail")
    bound.configure(expire_on_commit=False)
    return Service(settings, database.engine, keyring, shipped(), bound)
