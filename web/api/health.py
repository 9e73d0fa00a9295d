"""`/healthz` and `/readyz`: whether the process lives, and whether it can work; nothing about anybody."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from consentcore.errors import ConfigurationError, ConsentCoreError
from web import schema
from web.api.access import Open
from web.api.operation import Noun
from web.api.schemas.health import Health
from web.api.wired import service
from web.schema import History
from web.wiring import Service

NOUN = Noun("health", __name__, description="Whether the service lives, and can work.")


@NOUN.operation("GET", "/healthz", rule=Open.TO_ANYONE, gives=Health)
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@NOUN.operation("GET", "/readyz", rule=Open.TO_ANYONE, gives=Health)
def readyz() -> dict[str, str]:
    """Say that both databases answer with the tables of this version, and that the keyring opens."""
    if not ready(service()):
        raise ConfigurationError("not ready")
    return {"status": "ready"}


def ready(wired: Service) -> bool:
    """Tell whether databases, their tables and the keyring are usable now; why not is in the log's and CLI's hands."""
    try:
        behind = schema.check(wired.engine, History.MAIN) or schema.check(wired.keyring.engine, History.KEYRING)
        wired.keyring.check()
    except (SQLAlchemyError, ConsentCoreError, OSError):
        return False
    return not behind
