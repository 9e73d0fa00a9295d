"""The second layer of the gate: SQL is read scope by scope before the driver gets it, and refused in doubt.

Every table of persons that a SELECT names has to carry the guard in that same SELECT, at the top of its WHERE or ON,
word for word as the gate writes it. Fields that the purpose may not see are not to be named at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from consentcore.consent.gate_fields import FieldView
from consentcore.consent.gate_tables import GatedTables
from consentcore.consent.gate_tokens import CLAUSES, Token, Unreadable, plain, tokens_of

OWNER = "cc_owner"
"""Stands in the text of a guard where a statement has the table or its alias."""
_BEFORE_TABLE = frozenset({"FROM", "JOIN", "UPDATE", "ONLY", "LATERAL", ",", "("})
_BEFORE_GUARD = frozenset({"WHERE", "ON", "AND"})
_AFTER_GUARD = frozenset(
    {"", ")", ",", "AND", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "FETCH", "FOR", "WINDOW", "RETURNING"}
    | {"UNION", "INTERSECT", "EXCEPT", "JOIN", "LEFT", "RIGHT", "INNER", "OUTER", "FULL", "CROSS", "NATURAL", "WHERE"}
    | {"ON", "LOCK", ";"}
)
_NO_ALIAS = _AFTER_GUARD | {"AS", "SET", "USING", "SELECT", "VALUES", "DEFAULT", "(", "ON", "IN", "IS"}
_UPSERTS = frozenset({"CONFLICT", "DUPLICATE", "REPLACE"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a statement is refused: a table without guard, a field out of reach, or a form that cannot be read."""

    table: str | None
    field: str | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a statement names a table of persons."""

    at: int
    table: str
    alias: str


@dataclass(slots=True)
class Reader:
    """Reads statements for one purpose and one kind of database; what it found of a text is remembered."""

    tables: GatedTables
    view: FieldView
    guards: Mapping[str, tuple[str, ...]]
    """Table (lower case) -> the text of its guard, as `plain` gives it, with `OWNER` for the table."""
    ors: frozenset[str]
    """What means OR to the database: on MariaDB the two pipes do as well."""
    _known: dict[str, Finding | None] = field(default_factory=dict)

    def read(self, sql: str) -> Finding | None:
        """Return why a statement may not pass, or None where it may."""
        if sql not in self._known:
            if len(self._known) >= 2_000:
                self._known.clear()
            self._known[sql] = self._read(sql) if self.tables.concerns(sql) else None
        return self._known[sql]

    def _read(self, sql: str) -> Finding | None:
        try:
            tokens = tokens_of(sql)
        except Unreadable as cause:
            return Finding(None, form=str(cause))
        allowed = self._inside_guards(tokens)
        places: list[_Place] = []
        for place in self._places(tokens):
            if _is_inserted_into(tokens, place):
                if any(token.is_name and token.text.upper() in _UPSERTS for token in tokens):
                    return Finding(place.table, form="upsert")
                continue
            places.append(place)
        for place in places:
            if place.at in allowed:
                continue
            if place.table in self.tables.closed:
                return Finding(place.table, form="closed")
            if not self._is_guarded(tokens, place):
                return Finding(place.table)
        return next(self._hidden_fields(tokens, places, allowed), None)

    def _places(self, tokens: list[Token]) -> Iterator[_Place]:
        for at, token in enumerate(tokens):
            name = token.text.lower()
            if not token.is_name or (name not in self.tables.guarded and name not in self.tables.closed):
                continue
            if _text(tokens, at + 1) == "." or _word(tokens, at - 1) == "OF":  # its column; the rows that a lock is for
                continue
            yield _Place(at, name, _alias(tokens, at))

    def _inside_guards(self, tokens: list[Token]) -> set[int]:
        """Return the positions inside guards, which read tables of persons by themselves."""
        words = plain(tokens)
        inside: set[int] = set()
        for wanted in set(self.guards.values()):
            for at in _starts(words, wanted):
                inside.update(range(at + 1, at + len(wanted)))
        return inside

    def _is_guarded(self, tokens: list[Token], place: _Place) -> bool:
        """Tell whether the SELECT that names a table carries its guard, as a condition of its own."""
        wanted = self.guards[place.table]
        owner = [at for at, word in enumerate(wanted) if word == OWNER.upper()]
        return any(
            tokens[at].scope == tokens[place.at].scope
            and all(tokens[at + step].names(place.alias) for step in owner)
            and _stands_alone(tokens, at, at + len(wanted), self.ors)
            for at in _starts(plain(tokens), wanted)
        )

    def _hidden_fields(self, tokens: list[Token], places: list[_Place], allowed: set[int]) -> Iterator[Finding]:
        aliases: dict[str, set[str]] = {}
        for place in places:
            if place.at not in allowed:
                aliases.setdefault(place.alias.casefold(), set()).add(place.table)
        hidden = {name: table for tables in aliases.values() for table in tables for name in self.view.of(table)}
        if not hidden:
            return
        declared = {place.at for place in places} | {place.at + 1 for place in places} | {p.at + 2 for p in places}
        for at, token in enumerate(tokens):
            if at in allowed:
                continue
            owner = tokens[at - 2].text.casefold() if at > 1 and _text(tokens, at - 1) == "." else None
            if owner in aliases:
                for table in aliases[owner]:
                    if token.text == "*" or (token.is_name and token.text.lower() in _lower(self.view.of(table))):
                        yield Finding(table, field=token.text)
            elif owner is None and token.is_name and token.text.casefold() in aliases:
                if _text(tokens, at + 1) != "." and not (at in declared and _is_in_from(tokens, at)):
                    yield Finding(next(iter(aliases[token.text.casefold()])), field="*")
            elif owner is None and (table_of := _bare(tokens, at, hidden)) is not None:
                yield Finding(table_of, field=token.text)


def _starts(words: tuple[str, ...], wanted: tuple[str, ...]) -> Iterator[int]:
    """Yield where a guard stands, whatever table or alias it is for."""
    marks = [at for at, word in enumerate(wanted) if word == OWNER.upper()]
    for at in range(len(words) - len(wanted) + 1):
        if words[at] == wanted[0]:
            there = list(words[at : at + len(wanted)])
            for mark in marks:
                there[mark] = wanted[mark]
            if tuple(there) == wanted:
                yield at


def _lower(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _bare(tokens: list[Token], at: int, hidden: Mapping[str, str]) -> str | None:
    """Return the table of a hidden field that stands there without its table; a field written to is not read."""
    token = tokens[at]
    first = tokens[0].text.upper()
    if token.text == "*" and _word(tokens, at - 1) in ("SELECT", "DISTINCT", ","):
        return next(iter(hidden.values()))
    if not token.is_name or token.text.lower() not in _lower(frozenset(hidden)) or _word(tokens, at - 1) == "AS":
        return None
    if first == "INSERT" and token.scope == tokens[0].scope:
        return None
    if first == "UPDATE" and _text(tokens, at + 1) == "=" and not _has_before(tokens, at, "WHERE"):
        return None
    return hidden.get(token.text) or hidden.get(token.text.lower())


def _text(tokens: list[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def _word(tokens: list[Token], at: int) -> str:
    return _text(tokens, at).upper()


def _alias(tokens: list[Token], at: int) -> str:
    after = at + 2 if _word(tokens, at + 1) == "AS" else at + 1
    if after < len(tokens) and tokens[after].is_name and tokens[after].text.upper() not in _NO_ALIAS:
        return tokens[after].text
    return tokens[at].text


def _is_inserted_into(tokens: list[Token], place: _Place) -> bool:
    before = place.at - 1
    while before > 0 and _text(tokens, before) == ".":  # a schema before the name
        before -= 2
    return _word(tokens, before) == "INTO" and tokens[0].text.upper() == "INSERT"


def _is_in_from(tokens: list[Token], at: int) -> bool:
    """Tell whether a name stands where tables are named, not where values are."""
    if _word(tokens, at - 1) == "AS":
        at -= 2
    elif tokens[at - 1].is_name and _word(tokens, at - 1) not in _BEFORE_TABLE and _word(tokens, at - 1) != "INTO":
        at -= 1
    while _text(tokens, at - 1) == ".":
        at -= 2
    if _word(tokens, at - 1) not in _BEFORE_TABLE | {"INTO"}:
        return False
    if _text(tokens, at - 1) == "(" and _word(tokens, at - 2) not in _BEFORE_TABLE:
        return False
    if _text(tokens, at - 1) == ",":
        return _clause(tokens, at) in ("FROM", "JOIN", "ON", "UPDATE")
    return True


def _clause(tokens: list[Token], at: int) -> str:
    for before in range(at - 1, -1, -1):
        token = tokens[before]
        if token.is_name and token.scope == tokens[at].scope and token.depth == tokens[at].depth:
            word = token.text.upper()
            if word in CLAUSES or word == "UPDATE":
                return word
    return ""


def _has_before(tokens: list[Token], at: int, word: str) -> bool:
    return any(token.is_name and token.text.upper() == word for token in tokens[:at])


def _stands_alone(tokens: list[Token], start: int, end: int, ors: frozenset[str]) -> bool:
    """Tell whether what stands there is a condition of its own: not denied, and no alternative to another one."""
    if _word(tokens, start - 1) not in _BEFORE_GUARD or _word(tokens, end) not in _AFTER_GUARD:
        return False
    return not _has_alternative(tokens, start, ors) and _only_joins_around(tokens, start)


def _has_alternative(tokens: list[Token], start: int, ors: frozenset[str]) -> bool:
    """Tell whether an OR stands beside a condition, in the same WHERE or ON and the same parentheses."""
    scope, depth = tokens[start].scope, tokens[start].depth
    for step in (-1, 1):
        at = start + step
        while 0 <= at < len(tokens) and tokens[at].depth >= depth:
            token = tokens[at]
            if token.depth == depth:
                word = token.text.upper()
                if token.scope != scope or (token.is_name and word in CLAUSES):
                    break
                if word in ors:
                    return True
            at += step
    return False


def _only_joins_around(tokens: list[Token], start: int) -> bool:
    """Tell whether the parentheses around a guard, up to its SELECT, are those of nested joins."""
    depth, scope = tokens[start].depth, tokens[start].scope
    for at in range(start - 1, -1, -1):
        token = tokens[at]
        if token.depth < depth and token.text == "(" and not token.is_name:
            depth = token.depth
            if token.scope != scope:
                return True  # the parenthesis of the SELECT itself
            if _word(tokens, at - 1) not in ("JOIN", "FROM", ",", "("):
                return False
    return True
