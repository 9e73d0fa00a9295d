"""Settings from the environment: read once, frozen, safe by default; unsafe ones are refused before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from consentcore.clock import parse_instant
from consentcore.db import parse_url
from consentcore.errors import BadInput, ConfigurationError
from web.witness.client import Witness
from web.witness.configured import checkpoint_mail, time_stamping, witnesses

PREFIX = "CONSENTCORE_"
ENVIRONMENTS = ("production", "development")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the service; `docs/settings.md` explains each. Secrets are named here, never held."""

    env: str
    database_url: str
    migrate_url: str | None
    """The same database as `database_url`, under the role that owns its tables; None: one role does both."""
    keyring_url: str
    kek: str
    policies: Path | None
    mail: str
    base_url: str
    prepare_threshold: int | None
    pool_size: int
    fixed_now: datetime | None
    tsa: str | None = None
    tsa_ca: Path | None = None
    witnesses: tuple[Witness, ...] = ()
    checkpoint_mail: str | None = None
    crash_at: str | None = None
    """Name of the step at which the process kills itself: for the tests of resumption, in development only."""

    def now(self) -> datetime:
        """Return the current instant, or the one that a development setting holds still."""
        return self.fixed_now or datetime.now(UTC)


DEFAULTS: Mapping[str, str] = {
    "ENV": "production",
    "DATABASE_URL": "sqlite:///var/consentcore.db",
    "MIGRATE_URL": "",
    "KEYRING_URL": "sqlite:///var/keyring.db",
    "KEK": "file:var/kek.json",
    "POLICIES": "",
    "MAIL": "file:var/mail",
    "BASE_URL": "http://127.0.0.1:8000",
    "PREPARE_THRESHOLD": "5",
    "POOL_SIZE": "5",
    "TSA": "",
    "TSA_CA": "",
    "WITNESSES": "",
    "CHECKPOINT_MAIL": "",
    "NOW": "",
    "CRASH_AT": "",
}


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings out of an environment.

    Raises: ConfigurationError naming the setting, what is wrong with it and what to write instead.
    """
    given = {name: environ.get(PREFIX + name, "").strip() or default for name, default in DEFAULTS.items()}
    _refuse_unknown(environ)
    if given["ENV"] not in ENVIRONMENTS:
        raise ConfigurationError(f"{PREFIX}ENV is {given['ENV']!r}; use production or development")
    tsa, tsa_ca = time_stamping(given["TSA"], given["TSA_CA"])
    settings = Settings(
        env=given["ENV"],
        database_url=given["DATABASE_URL"],
        migrate_url=given["MIGRATE_URL"] or None,
        keyring_url=given["KEYRING_URL"],
        kek=given["KEK"],
        policies=Path(given["POLICIES"]) if given["POLICIES"] else None,
        mail=given["MAIL"],
        base_url=given["BASE_URL"],
        prepare_threshold=_threshold(given["PREPARE_THRESHOLD"]),
        pool_size=_whole("POOL_SIZE", given["POOL_SIZE"], 1, 500),
        fixed_now=_instant(given["NOW"]),
        tsa=tsa,
        tsa_ca=tsa_ca,
        witnesses=witnesses(given["WITNESSES"]),
        checkpoint_mail=checkpoint_mail(given["CHECKPOINT_MAIL"]),
        crash_at=given["CRASH_AT"] or None,
    )
    _refuse_unsafe(settings)
    return settings


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {PREFIX + name for name in DEFAULTS} | {environ.get(f"{PREFIX}KEK", "").removeprefix("env:")}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith(PREFIX + "TEST_"):
            raise ConfigurationError(f"{name} is no setting of this version; docs/settings.md lists them")


def _refuse_unsafe(settings: Settings) -> None:
    if settings.fixed_now is not None and settings.env != "development":
        raise ConfigurationError(f"{PREFIX}NOW holds the clock still; that is allowed in development only")
    if settings.crash_at is not None and settings.env != "development":
        raise ConfigurationError(f"{PREFIX}CRASH_AT kills the process on purpose; that is allowed in development only")
    _refuse_unsafe_address(settings.base_url)
    _refuse_other_database(settings)
    if parse_url(settings.database_url) == parse_url(settings.keyring_url):
        raise ConfigurationError(
            f"{PREFIX}KEYRING_URL names the main database; the keyring needs its own, or a backup would hold both"
        )


def _refuse_other_database(settings: Settings) -> None:
    """Two roles are worth something only on one PostgreSQL database, and if they are two."""
    if settings.migrate_url is None:
        return
    owner, serving = parse_url(settings.migrate_url), parse_url(settings.database_url)
    if owner.get_backend_name() != "postgresql" or serving.get_backend_name() != "postgresql":
        raise ConfigurationError(f"{PREFIX}MIGRATE_URL is for PostgreSQL; leave it empty on other databases")
    if (owner.host, owner.port or 5432, owner.database) != (serving.host, serving.port or 5432, serving.database):
        raise ConfigurationError(f"{PREFIX}MIGRATE_URL must name the database of {PREFIX}DATABASE_URL, as another role")
    if owner.username == serving.username:
        raise ConfigurationError(
            f"{PREFIX}MIGRATE_URL and {PREFIX}DATABASE_URL name one role; serve as another role than the owner's"
        )


def _refuse_unsafe_address(base_url: str) -> None:
    """Sessions and codes travel to this address: over TLS, or not beyond this machine."""
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.query or parts.fragment or parts.username:
        raise ConfigurationError(f"{PREFIX}BASE_URL is no address of a site; write it such as https://privacy.example")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise ConfigurationError(
            f"{PREFIX}BASE_URL must begin with https://: codes and sessions would travel unprotected"
        )


def _threshold(text: str) -> int | None:
    return None if text.lower() == "none" else _whole("PREPARE_THRESHOLD", text, 0, 1_000)


def _whole(name: str, text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ConfigurationError(f"{PREFIX}{name} must be a whole number from {least} to {most}")
    return int(text)


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return parse_instant(text)
    except BadInput as cause:
        raise ConfigurationError(f"{PREFIX}NOW cannot be read: {cause}") from None
