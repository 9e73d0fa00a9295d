"""The condition on every table of persons in a gated statement, as one element that nothing reaches into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, ColumnElement, column, literal_column, table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

from consentcore.consent.reach import GroundKind, Terms, is_reached
from consentcore.personal_data.links import SubjectLink

LINK = "cc_link"
"""Alias of the link table in a guard."""


@dataclass(frozen=True, slots=True)
class GuardPlan:
    """What a guard looks like in SQL, its bound values apart: equal plans give equal text."""

    kind: GroundKind
    channels: tuple[str, ...]
    link: SubjectLink | None = None


class Guard(ColumnElement[bool]):
    """SQL: this row belongs to a person whom the purpose reaches.

    The ORM may put an alias in the place of the column; the statement behind it is written out last, so that neither
    aliasing nor the gate's own filter changes a table inside it.
    """

    __visit_name__ = "cc_guard"
    _traverse_internals = [  # noqa: RUF012 - the form that SQLAlchemy reads cache keys from
        ("own", InternalTraversal.dp_clauseelement),
        ("plan", InternalTraversal.dp_plain_obj),
        ("purpose", InternalTraversal.dp_clauseelement),
        ("wider", InternalTraversal.dp_clauseelement),
        ("now", InternalTraversal.dp_clauseelement),
    ]
    type = Boolean()

    def __init__(self, own: ColumnElement[Any], plan: GuardPlan, terms: Terms) -> None:
        self.own = own
        self.plan = plan
        self.purpose, self.wider, self.now = terms.purpose, terms.wider, terms.now

    def self_group(self, against: Any = None) -> Any:
        """Stand in an AND as it is."""
        return self

    def condition(self, own: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition in SQLAlchemy's own terms, for a row that is told by `own`."""
        terms = Terms(self.purpose, self.wider, self.now, self.plan.channels)
        link = self.plan.link
        if link is None:
            return is_reached(self.plan.kind, terms, own)
        # By name: what was declared is text, and the guard needs no more of that table than two columns.
        rows = table(link.table, column(link.column), column("subject_ref")).alias(LINK)
        return is_reached(self.plan.kind, terms, own, (rows, rows.c[link.column]))


@compiles(Guard)
def _render(element: Guard, compiler: SQLCompiler, **more: Any) -> str:
    own = compiler.process(element.own, **more)
    return compiler.process(element.condition(literal_column(own)), **more)  # as text: it brings no table along
