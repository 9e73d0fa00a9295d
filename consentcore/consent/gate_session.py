"""A session bound to a purpose, and the filter that its statements get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, true
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.interfaces import CriteriaOption
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql.visitors import InternalTraversal

from consentcore.consent.gate_fields import FieldView, rows_of_purpose, view_of
from consentcore.consent.gate_guard import Guard, GuardPlan
from consentcore.consent.gate_reader import OWNER, Reader
from consentcore.consent.gate_tables import GatedTables, gated_tables
from consentcore.consent.gate_tokens import plain, tokens_of
from consentcore.consent.reach import Terms, kind_of, terms_of
from consentcore.policyset import PolicySet, Purpose


class GateOption(CriteriaOption):
    """The filter as an option of a statement: one small cache key, whatever the number of tables."""

    _traverse_internals = [  # noqa: RUF012 - the form that SQLAlchemy reads cache keys from
        ("shape", InternalTraversal.dp_string),
        ("tables", InternalTraversal.dp_plain_obj),
        ("purpose", InternalTraversal.dp_clauseelement),
        ("wider", InternalTraversal.dp_clauseelement),
        ("now", InternalTraversal.dp_clauseelement),
    ]
    propagate_to_loaders = False
    _is_strategy_option = False

    def __init__(self, gate: Gate) -> None:
        self.shape = f"{gate.policy.sha256} {gate.purpose.id}"
        self.tables = gate.tables.serial
        self.purpose, self.wider, self.now = gate.terms.purpose, gate.terms.wider, gate.terms.now
        self._gate = gate

    def process_compile_state_replaced_entities(self, compile_state: Any, mapper_entities: Any) -> None:
        """Filter a statement whose entities SQLAlchemy replaced."""
        self.process_compile_state(compile_state)

    def process_compile_state(self, compile_state: Any) -> None:
        """Filter a statement that is being compiled."""
        self.get_global_criteria(compile_state.global_attributes)

    def get_global_criteria(self, attributes: dict[Any, Any]) -> None:
        """Add the guards of every class of persons."""
        for one in self._gate.criteria():
            one.get_global_criteria(attributes)


class _Criterion(LoaderCriteriaOption):
    """A criterion of one mapped class, without its descendants: each of them has its own."""

    inherit_cache = True

    def __init__(self, mapper: Mapper[Any], make: Callable[[Any], ColumnElement[bool]]) -> None:
        super().__init__(mapper, make(mapper.class_), include_aliases=True)
        self._make = make

    def _all_mappers(self) -> Iterator[Any]:
        yield self.entity

    def _resolve_where_criteria(self, ext_info: Any) -> ColumnElement[bool]:
        return self._make(ext_info.entity)  # of the alias, where it is one


@dataclass(slots=True, eq=False, weakref_slot=True)
class Gate:
    """A session bound to a purpose: what `gated` hands out.

    `purpose` and `now` are what the session was bound to; the rest is the gate's own.
    """

    session: Session
    purpose: Purpose
    policy: PolicySet
    now: datetime
    tables: GatedTables = field(default_factory=gated_tables)
    open: bool = True
    flushing: bool = False
    view: FieldView = field(init=False)
    terms: Terms = field(init=False)
    option: GateOption = field(init=False)
    _readers: dict[str, Reader] = field(default_factory=dict)
    _criteria: list[_Criterion] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.terms = terms_of(self.purpose, self.now)
        self.view = view_of(self.purpose, self.policy.sha256, self.tables)
        self.option = GateOption(self)

    def plan(self, link: Any = None) -> GuardPlan:
        """Return the form of this purpose's guards."""
        return GuardPlan(kind_of(self.purpose), tuple(self.terms.channels or ()), link)

    def reaches(self, subject_ref: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the guard of a `subject_ref` column, for a Core statement that is to pass the gate."""
        return Guard(subject_ref, self.plan(), self.terms)

    def criteria(self) -> list[_Criterion]:
        """Return the guard of every mapped class of persons."""
        if not self._criteria:
            for mapper, column, entry in self.tables.mappers:
                key = mapper.get_property_by_column(column).key
                self._criteria.append(_Criterion(mapper, partial(self._guarded, key, entry.link)))
                if rows_of_purpose(mapper.class_, self.purpose) is not None:
                    self._criteria.append(_Criterion(mapper, self._of_class))
        return self._criteria

    def _guarded(self, key: str, link: Any, entity: Any) -> ColumnElement[bool]:
        return Guard(getattr(entity, key).expression, self.plan(link), self.terms)

    def _of_class(self, entity: Any) -> ColumnElement[bool]:
        condition = rows_of_purpose(entity, self.purpose)
        return true() if condition is None else condition

    def reader(self, connection: Connection) -> Reader:
        """Return what reads statements for this purpose on one kind of database."""
        name = connection.dialect.name
        key = (self.policy.sha256, self.purpose.id, name, self.tables.serial)
        found = _READERS.get(key)
        if found is None:
            guards = {}
            for _, _, entry in self.tables.mappers:
                guard = Guard(literal_column(f"{OWNER}.{entry.key}"), self.plan(entry.link), self.terms)
                guards[entry.name.lower()] = plain(tokens_of(str(guard.compile(dialect=connection.dialect))))
            ors = {"OR", "XOR", "||"} if name in ("mariadb", "mysql") else {"OR"}
            if len(_READERS) >= 64:
                _READERS.clear()
            found = _READERS[key] = Reader(self.tables, self.view, guards, frozenset(ors))
        return found


_READERS: dict[tuple[str, str, str, int], Reader] = {}
