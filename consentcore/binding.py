"""Binding a session factory to the keyring and the log: the one call that lets the core work on a host's sessions."""

from __future__ import annotations

from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.fields import attach as attach_sealing
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.errors import ConfigurationError
from consentcore.ledger.log import attach as attach_log
from consentcore.personal_data.wall import attach as attach_wall

_BOUND_KEY = "cc_bound"


def bind(session_factory: sessionmaker[Session], keyring: Keyring) -> None:
    """Hang the listeners of sealing and of the log on every session that `session_factory` will make.

    Call it once per factory, before the first session. A session that was never bound is refused by whatever needs
    the log or the keys. Works on a host application's own factory: nothing here commits.
    Raises: ConfigurationError when the factory is bound already or makes two-phase sessions.
    """
    info = session_factory.kw.setdefault("info", {})
    if info.get(_BOUND_KEY):
        raise ConfigurationError("this session factory is bound already; bind it once, where it is made")
    if session_factory.kw.get("twophase"):
        raise ConfigurationError(
            "two-phase sessions would hold the log's lock between PREPARE and COMMIT; bind a factory without twophase"
        )
    info[_BOUND_KEY] = True
    info[KEYRING_KEY] = keyring
    attach_sealing(session_factory)
    attach_wall(session_factory)
    attach_log(session_factory)
