"""Column types that mean the same on SQLite, PostgreSQL and MariaDB, and the declarations every column carries."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CHAR, BigInteger, DateTime, Dialect, Integer, LargeBinary, String, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from consentcore.clock import ensure_utc

INFO_KEY = "personal_data"
FOUND_BY = "found_by"
"""Key of `Table.info` that says how rows without a `subject_ref` are found when a person asks (R-5-1)."""


class Category(StrEnum):
    """What kind of data a column holds; the keys are those of fideslang's taxonomy where it has one."""

    NAME = "user.name"
    EMAIL = "user.contact.email"
    PHONE = "user.contact.phone_number"
    FAX = "user.contact.fax_number"
    ADDRESS = "user.contact.address"
    BIRTH_DATE = "user.demographic.date_of_birth"
    GENDER = "user.demographic.gender"
    LANGUAGE = "user.demographic.language"
    JOB = "user.job_title"
    EMPLOYER = "user.workplace"
    CONTENT = "user.content.private"
    CONSENT = "user.privacy_preferences"
    IDENTIFIER = "user.unique_id"
    PSEUDONYM = "user.unique_id.pseudonymous"
    BEHAVIOR = "user.behavior"


class Provenance(StrEnum):
    """How the controller came by a value: portability takes the first two only (Art. 20, WP242)."""

    PROVIDED = "provided"
    OBSERVED = "observed"
    DERIVED = "derived"


class Sensitivity(StrEnum):
    """How much harm a disclosure does; `special` is Art. 9, `criminal` Art. 10."""

    ORDINARY = "ordinary"
    HIGH = "high"
    SPECIAL = "special"
    CRIMINAL = "criminal"


class Erasure(StrEnum):
    """How a value leaves: its row deleted, its key shredded besides, or kept as evidence until its own end."""

    DELETE_ROW = "delete_row"
    SHRED = "shred"
    EVIDENCE = "evidence"
    OWN_TERM = "own_term"


def personal(
    category: Category,
    *,
    retention: str,
    provenance: Provenance = Provenance.PROVIDED,
    sensitivity: Sensitivity = Sensitivity.ORDINARY,
    identifies: str = "subject",
    erasure: Erasure = Erasure.SHRED,
) -> dict[str, Any]:
    """Declare a column as personal data, for `Column.info` (R-5-1).

    `retention` names the class a retention rule governs; `identifies` says whom the value is about.
    """
    return {
        INFO_KEY: {
            "personal": True,
            "category": category,
            "retention": retention,
            "provenance": provenance,
            "sensitivity": sensitivity,
            "identifies": identifies,
            "erasure": erasure,
        }
    }


def impersonal(reason: str) -> dict[str, Any]:
    """Declare a column as not personal, with the reason, for `Column.info` (R-5-1)."""
    return {INFO_KEY: {"personal": False, "reason": reason}}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC instant with microseconds on every database; naive values are refused when bound."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose storage that keeps the microseconds: text on SQLite, DATETIME(6) on MariaDB."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        if dialect.name in ("mariadb", "mysql"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Bring an aware instant to UTC in the storage's form."""
        if value is None:
            return None
        utc = ensure_utc(value)
        if dialect.name == "sqlite":
            return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"  # fixed width: text order is time
        return utc.replace(tzinfo=None) if dialect.name in ("mariadb", "mysql") else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return what was stored as an aware UTC instant."""
        if value is None:
            return None
        if isinstance(value, str):
            instant = datetime.fromisoformat(value)  # strptime takes forty times as long: half of a decision
            if instant.tzinfo is not UTC:
                raise ValueError("a stored instant is not written in UTC")
            return instant
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)  # type: ignore[no-any-return]


class Ref(TypeDecorator[uuid.UUID]):
    """A UUID as 16 raw bytes on every database, the very bytes that sealing binds to."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use a fixed-width binary where the database has one."""
        if dialect.name in ("mariadb", "mysql"):
            return dialect.type_descriptor(mysql.BINARY(16))
        return dialect.type_descriptor(LargeBinary(16))

    def process_bind_param(self, value: uuid.UUID | bytes | None, dialect: Dialect) -> bytes | None:
        """Bind a UUID, or 16 bytes as they are (hot paths)."""
        if value is None:
            return None
        raw = value if isinstance(value, bytes) else value.bytes
        if len(raw) != 16:
            raise ValueError("a reference has 16 bytes")
        return raw

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:
        """Return the stored bytes as a UUID."""
        return None if value is None else uuid.UUID(bytes=bytes(value))


class Blob(TypeDecorator[bytes]):
    """Bytes without a practical limit (LONGBLOB on MariaDB, whose plain BLOB ends at 64 kB)."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Widen MariaDB's type."""
        if dialect.name in ("mariadb", "mysql"):
            return dialect.type_descriptor(mysql.LONGBLOB())
        return dialect.type_descriptor(LargeBinary())

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        """Return plain bytes whatever the driver hands over."""
        return None if value is None else bytes(value)


class Digest(TypeDecorator[bytes]):
    """Bytes of one fixed short length (a hash, an index value), indexable everywhere."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use a fixed-width binary where the database has one."""
        if dialect.name in ("mariadb", "mysql"):
            return dialect.type_descriptor(mysql.BINARY(self.length))
        return dialect.type_descriptor(LargeBinary(self.length))

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Refuse another length: BINARY would pad it without a word."""
        if value is not None and len(value) != self.length:
            raise ValueError(f"this column takes {self.length} bytes, got {len(value)}")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        """Return plain bytes whatever the driver hands over."""
        return None if value is None else bytes(value)


def code(length: int = 64) -> String:
    """Return the type of a short machine-readable word (a purpose id, a state): exact, case-sensitive."""
    return String(length)


BigCounter = BigInteger().with_variant(Integer(), "sqlite")
Hex64 = CHAR(64)
