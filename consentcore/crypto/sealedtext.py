"""The column type whose stored form is sealed bytes, and the registry of field numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import CheckConstraint, Column, ColumnElement, Dialect, LargeBinary, Table, TypeDecorator, event
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from consentcore.crypto.envelope import OVERHEAD, SUITES, looks_sealed
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.pending import PlaintextRefused
from consentcore.errors import BadInput, ConfigurationError

REGISTRY: dict[int, str] = {}
"""Field number -> `table.column`. A number is bound into every sealed value: it never changes its column."""
DEFAULT_MAX_CHARS = 10_000
_MOST = 1 << 31


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """How a column is sealed that is plain bytes to the mapper: what a rotation of data keys seals anew.

    Under `key_class` where the row has a `subject_ref`, else under the shared key of table `shared`; `row_id` is the
    column that sealing binds to. `stays` says why values cannot be sealed anew: the key of that table is kept then.
    """

    table: str
    column: str
    number: int
    key_class: KeyClass | None
    shared: int | None
    row_id: str
    stays: str | None


DOCUMENTS: dict[str, SealedDocument] = {}
"""`table.column` -> how it is sealed, of every registered field that is no `SealedText`."""


def register_field(number: int, name: str) -> None:
    """Give a field number to a `table.column`, once.

    Raises: ConfigurationError when the number is another column's, or outside 1..2**31-1.
    """
    if not 1 <= number < _MOST:
        raise ConfigurationError(f"the field number of {name} is to be 1 to 2**31-1, not {number}")
    if REGISTRY.setdefault(number, name) != name:
        raise ConfigurationError(f"field number {number} belongs to {REGISTRY[number]}; give {name} another one")


def register_document(
    number: int,
    name: str,
    *,
    key_class: KeyClass | None = None,
    shared: int | None = None,
    row_id: str = "id",
    stays: str | None = None,
) -> None:
    """Give a field number to a `table.column` of sealed bytes, and say how it is sealed, once.

    Raises: ConfigurationError as `register_field`, and for a column that names no key.
    """
    register_field(number, name)
    if key_class is None and shared is None:
        raise ConfigurationError(f"{name} is sealed under a key class, the shared key of a table, or both; say which")
    table, _, column = name.partition(".")
    DOCUMENTS[name] = SealedDocument(table, column, number, key_class, shared, row_id, stays)


class SealedText(TypeDecorator[str]):
    """A text sealed under the subject's key; the column holds and yields the sealed bytes.

    Binds sealed bytes only, so a plaintext is refused wherever it tries to get in: inserts in bulk, updates,
    comparisons. Opening is a verb: `consentcore.crypto.fields.reveal`.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, number: int, key_class: KeyClass = KeyClass.PROFILE, max_chars: int = DEFAULT_MAX_CHARS) -> None:
        super().__init__()
        self.number = number
        self.key_class = key_class
        self.max_chars = max_chars

    @property
    def field_name(self) -> str:
        """The column as messages name it."""
        return REGISTRY.get(self.number, f"sealed field {self.number}")

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Widen MariaDB's type, whose plain BLOB ends at 64 kB."""
        if dialect.name in ("mariadb", "mysql"):
            return dialect.type_descriptor(mysql.LONGBLOB())
        return dialect.type_descriptor(LargeBinary())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Let sealed bytes pass.

        Raises: PlaintextRefused for anything else.
        """
        if value is None or looks_sealed(value):
            return value
        raise self._refusal()

    def process_literal_param(self, value: Any, dialect: Dialect) -> NoReturn:
        """Refuse to be written into the text of a statement."""
        raise self._refusal()

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Hand over the driver's bytes as they are: all three drivers yield bytes."""
        return

    def encode(self, text: object) -> bytes:
        """Check a plaintext's type and length and return its UTF-8 bytes.

        Raises: BadInput naming the column, never the value.
        """
        if not isinstance(text, str):
            raise BadInput(f"{self.field_name} takes a text")
        if len(text) > self.max_chars:
            raise BadInput(f"{self.field_name} takes at most {self.max_chars} characters, {len(text)} were given")
        try:
            return text.encode()
        except UnicodeEncodeError:
            raise BadInput(f"{self.field_name} was given a text with half a character (a lone surrogate)") from None

    def _refusal(self) -> PlaintextRefused:
        return PlaintextRefused(
            f"{self.field_name} is sealed and takes sealed bytes only: assign the attribute of an object, or use "
            "seal_rows; to find a value, use the blind index"
        )


def sealed(
    number: int,
    key_class: KeyClass = KeyClass.PROFILE,
    *,
    info: dict[str, Any],
    nullable: bool = True,
    max_chars: int = DEFAULT_MAX_CHARS,
) -> MappedColumn[Any]:
    """Declare a sealed column: `email: Mapped[str | None] = sealed(101, info=personal(...))`.

    Its table needs `id` and `subject_ref` (both `Ref`). Adds the CHECK that keeps plaintext out of raw SQL too.
    Raises: ConfigurationError when the number is taken.
    """
    mapped = mapped_column(SealedText(number, key_class, max_chars), info=info, nullable=nullable)
    event.listen(mapped.column, "after_parent_attach", _register_and_guard, propagate=True)
    return mapped


def _register_and_guard(column: Column[Any], table: SchemaItem) -> None:
    if not isinstance(table, Table) or not isinstance(column.type, SealedText):
        return
    register_field(column.type.number, f"{table.name}.{column.name}")
    table.append_constraint(sealed_check(column.name))


def sealed_check(column_name: str) -> CheckConstraint:
    """Return the CHECK behind a sealed column: at least 31 bytes, and the first one a known suite."""
    return CheckConstraint(LooksSealed(column_name), name=f"{column_name}_sealed")


class LooksSealed(ColumnElement[bool]):
    """SQL: these bytes have the outer form of a sealed value; each database writes its bytes in its own way."""

    inherit_cache = False

    def __init__(self, column_name: str) -> None:
        self.column_name = column_name


@compiles(LooksSealed)
def _render(element: LooksSealed, compiler: SQLCompiler, **_: Any) -> str:
    name = compiler.preparer.quote(element.column_name)
    form = "'\\x{:02x}'::bytea" if compiler.dialect.name == "postgresql" else "x'{:02x}'"
    suites = ", ".join(form.format(suite) for suite in sorted(SUITES))
    return f"length({name}) >= {OVERHEAD} AND substr({name}, 1, 1) IN ({suites})"
