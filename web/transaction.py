"""The unit of work: the one place of the faces where a transaction is committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session, sessionmaker

from consentcore.db import BEGIN_OPTION


@contextmanager
def unit(factory: sessionmaker[Session]) -> Iterator[Session]:
    """Open a unit that commits when the block ends well and leaves nothing behind when it does not."""
    with factory() as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def reading(factory: sessionmaker[Session]) -> Iterator[Session]:
    """Open a session for reading alone: on SQLite it takes no write lock, and nothing of it is ever committed."""
    with factory() as session:
        session.connection(execution_options={BEGIN_OPTION: "DEFERRED"})
        try:
            yield session
        finally:
            session.rollback()
