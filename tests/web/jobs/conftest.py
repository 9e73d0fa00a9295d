"""A wired service on throw-away databases, without files of its own but the mail's."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from tests.builders.databases import Database
from tests.builders.wired import wired_service
from web.wiring import Service


@pytest.fixture
def wired(database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path) -> Service:
    """The service, its clock held still."""
    return wired_service(database, bound, keyring, now, tmp_path)
