"""A bound session factory on SQLite: what is tested here does not depend on the database, but where a test says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session, sessionmaker


@pytest.fixture
def session(bound: sessionmaker[Session]) -> Iterator[Session]:
    """One open unit."""
    with bound.begin() as opened:
        yield opened
