"""What hangs on a gated session and on its connections: the filter goes in here, and what got past it is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection, TextClause, event, inspect
from sqlalchemy.orm import InstanceState, Load, Mapper, ORMExecuteState, RelationshipProperty, Session

from consentcore.consent.gate_guard import Guard
from consentcore.consent.gate_reader import Finding
from consentcore.consent.gate_session import Gate
from consentcore.consent.gate_tables import is_gated
from consentcore.errors import PolicyViolation
from consentcore.personal_data.wall import open_connections

ARTICLE = "5(1)(b)"
_HARMLESS = frozenset(
    {"SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "SET", "SHOW", "EXPLAIN", "PRAGMA"}
    | {"BEGIN", "START", "SAVEPOINT", "RELEASE", "ROLLBACK", "LOCK"}
)
"""What a text may begin with: other words carry out SQL that stands elsewhere, where nobody reads it."""
_FIRST = re.compile(r"\s*\(*\s*([A-Za-z]+)")
_ESCAPED_NAME = re.compile(r"\bU&\s*[\"']", re.IGNORECASE)


class Listeners:
    """The listeners of one gate, hung on its session alone: sessions without a gate pay nothing."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self._on_session: tuple[tuple[str, Callable[..., Any]], ...] = (
            ("do_orm_execute", self.filter),
            ("after_begin", self.guard),
            ("before_flush", self.flush_begins),
            ("after_flush", self.flush_ends),
            ("after_soft_rollback", self.flush_ends),
            ("before_attach", self.refuse_foreign),
        )
        self._connections: list[Connection] = []

    def hang(self) -> None:
        """Hang on the session, and on the connections that it has open."""
        for name, listener in self._on_session:
            event.listen(self.gate.session, name, listener)
        for connection in open_connections(self.gate.session):
            self._watch(connection)

    def take_down(self) -> None:
        """Take everything away again."""
        for name, listener in self._on_session:
            event.remove(self.gate.session, name, listener)
        for connection in self._connections:
            event.remove(connection, "before_cursor_execute", self.check)
        self._connections.clear()

    def guard(self, _session: Session, _transaction: object, connection: Connection) -> None:
        """Watch a connection on which the session begins to work."""
        self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        if not any(one is connection for one in self._connections):
            self._connections.append(connection)
            event.listen(connection, "before_cursor_execute", self.check)

    def filter(self, state: ORMExecuteState) -> None:
        """Add the filter to a statement of the ORM, and leave out the fields that the purpose may not see."""
        gate = self.gate
        if not gate.open or not state.is_orm_statement:
            return
        if state.is_column_load:
            state.statement = self._own_row(state)
            return
        if not any(one is gate.option for one in state.statement._with_options):  # loaders of relations hand theirs on
            state.statement = state.statement.options(gate.option)
        if state.is_select and gate.view.hidden:
            deferred = self._deferred(state)
            if deferred:
                state.statement = state.statement.options(*deferred)

    def _own_row(self, state: ORMExecuteState) -> Any:
        """Return the load of a known row's columns with the guard: SQLAlchemy leaves criteria out of those."""
        statement: Any = state.statement.options(self.gate.option)
        mapper = state.bind_mapper
        if mapper is None:
            return statement
        hidden = {key for key, _ in self.gate.view.attributes(mapper)}
        wanted = statement._compile_options._only_load_props or frozenset(mapper.attrs.keys())
        if hidden & wanted and (wanted - hidden) & set(
            mapper.column_attrs.keys()
        ):  # asked for one alone, it is refused at the cursor
            statement._compile_options += {"_only_load_props": wanted - hidden}
        for one, column, entry in self.gate.tables.mappers:
            if one is mapper:
                own = mapper.get_property_by_column(column).class_attribute
                statement = statement.where(Guard(own.expression, self.gate.plan(entry.link), self.gate.terms))
        return statement

    def _deferred(self, state: ORMExecuteState) -> list[Any]:
        if state.is_relationship_load:
            path: Any = state.loader_strategy_path
            return self._along(path) if path is not None else []
        found: list[Any] = []
        for described in getattr(state.statement, "column_descriptions", ()):
            entity, expression = described["entity"], described["expr"]
            if entity is None or expression is not entity:
                continue
            found.extend(self._leaving_out(partial(Load, entity), entity, inspect(entity).mapper))
        return found

    def _along(self, path: Any) -> list[Any]:
        """Return the options for what a relationship loads: they are told by the whole way to it."""
        steps = list(path)
        relations = [at for at, step in enumerate(steps) if isinstance(step, RelationshipProperty)]
        if not relations:
            return []
        target = steps[-1] if relations[-1] != len(steps) - 1 else steps[-1].mapper

        def way() -> Any:
            option: Any = Load(steps[0].entity)
            for at in relations:
                option = option.defaultload(getattr(steps[at - 1].entity, steps[at].key))
            return option

        return self._leaving_out(way, target.entity, target.mapper)

    def _leaving_out(self, way: Callable[[], Any], entity: Any, mapper: Mapper[Any]) -> list[Any]:
        return [
            way().defer(getattr(entity, key), raiseload=not sealed) for key, sealed in self.gate.view.attributes(mapper)
        ]

    def flush_begins(self, _session: Session, _context: object, _instances: object) -> None:
        """Let the unit of work write what it holds."""
        self.gate.flushing = True

    def flush_ends(self, _session: Session, *_: object) -> None:
        """Let nobody write by key any more."""
        self.gate.flushing = False

    def refuse_foreign(self, _session: Session, instance: object) -> None:
        """Refuse a row that was loaded elsewhere: it was not filtered."""
        state: InstanceState[Any] = inspect(instance)
        if self.gate.open and state.key is not None and is_gated(state.mapper):
            raise PolicyViolation(
                f"a {type(instance).__name__} that was loaded elsewhere cannot come into a session bound to purpose "
                f"{self.gate.purpose.id!r}; load it here by its key",
                article=ARTICLE,
            )

    def check(
        self, connection: Connection, _cursor: object, sql: str, _values: object, context: Any, executemany: bool
    ) -> None:
        """Refuse at the cursor what the filter did not write: the last look before the driver."""
        gate = self.gate
        if not gate.open or self._is_flushed(connection, context):
            return
        compiled = getattr(context, "compiled", None)
        if compiled is None or isinstance(compiled.statement, TextClause):
            self._check_text(connection, sql)
            return
        if executemany and gate.tables.concerns(sql) and (context.isupdate or context.isdelete):
            raise PolicyViolation(
                f"purpose {gate.purpose.id!r}: changing rows by their keys goes past the gate; change the objects, "
                "or write one UPDATE with a WHERE",
                article=ARTICLE,
            )
        finding = gate.reader(connection).read(sql)
        if finding is not None:
            raise self._refusal(finding)

    def _check_text(self, connection: Connection, sql: str) -> None:
        first = _FIRST.match(sql)
        word = first[1].upper() if first else ""
        if word not in _HARMLESS or _ESCAPED_NAME.search(sql):
            raise self._refusal(Finding(None, form=f"a statement that begins with {word or 'a sign'}"))
        if not self.gate.tables.concerns(sql):
            return
        finding = self.gate.reader(connection).read(sql)
        if word != "INSERT" or finding is not None:
            raise self._refusal(finding or Finding(None, form="SQL written as text"))

    def _is_flushed(self, connection: Connection, context: Any) -> bool:
        """Tell whether the unit of work writes this: between the two events, and from its own store of statements."""
        gate = self.gate
        if not gate.flushing or not gate.session._flushing or not getattr(context, "compiled", None):
            return False
        store = context.execution_options.get("compiled_cache")
        own = store is not None and store is not connection.engine._compiled_cache
        return own and bool(context.isinsert or context.isupdate or context.isdelete)

    def _refusal(self, finding: Finding) -> PolicyViolation:
        purpose = self.gate.purpose.id
        if finding.field is not None:
            what = (
                f"{finding.table}.{finding.field} is not among the data that purpose {purpose!r} uses; select other "
                "fields, or name its data class under `data` of the purpose"
            )
        elif finding.form == "closed":
            what = (
                f"{finding.table} holds personal data without saying whose, so purpose {purpose!r} cannot be filtered "
                "there; declare its link to persons (personal_data.links), or read it outside the gate"
            )
        elif finding.form == "upsert":
            what = f"an upsert of {finding.table} may change rows that purpose {purpose!r} does not reach; use objects"
        elif finding.table is not None:
            what = (
                f"this statement uses {finding.table} past the gate of purpose {purpose!r}; write it with the mapped "
                "classes, or leave the gate with a reason (consentcore.consent.gate.ungated)"
            )
        else:
            what = f"purpose {purpose!r}: {finding.form} cannot be checked; write the statement with the mapped classes"
        return PolicyViolation(what, code="outside_purpose", article=ARTICLE)
