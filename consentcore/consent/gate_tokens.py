"""Reading SQL far enough to know its scopes: words, parentheses, and which SELECT each word belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PIECES = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*(?![!M]).*?\*/)
      | (?P<text>'(?:[^'\\]|'')*')
      | "(?P<quoted>(?:[^"]|"")*)" | `(?P<ticked>(?:[^`]|``)*)`
      | (?P<bind>%\([^)]*\)s | %s | \? | :[A-Za-z_]\w* )
      | (?P<word>[^\W\d][\w$]*)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<sign>::|<=|>=|<>|!=|\|\||[-+*/%<>=(),.;@^&|~!\[\]:])""",
    re.VERBOSE | re.DOTALL,
)
BIND, TEXT, SCOPE_WORDS = "?", "'", frozenset({"SELECT", "WITH", "VALUES"})
_SET_WORDS = frozenset({"UNION", "INTERSECT", "EXCEPT"})
CLAUSES = frozenset(
    {"SELECT", "FROM", "WHERE", "ON", "JOIN", "GROUP", "HAVING", "ORDER", "LIMIT", "WINDOW", "SET", "RETURNING"}
)


class Unreadable(Exception):
    """The text holds something whose meaning depends on the server: it is refused rather than guessed at."""


@dataclass(slots=True)
class Token:
    """One word, sign, bound value or constant; words are in upper case unless they were quoted."""

    text: str
    is_name: bool
    scope: int = 0
    """Number of the SELECT (or statement, or arm of a UNION) that it belongs to."""
    depth: int = 0
    """Open parentheses around it."""
    close: int = 0
    """Of an opening parenthesis: the position of its closing one."""

    def names(self, name: str) -> bool:
        """Tell whether this is an identifier of a name, whatever its case."""
        return self.is_name and self.text.casefold() == name.casefold()


@dataclass(slots=True)
class _Scopes:
    """The parentheses that are open, each with the scope that stood before it."""

    current: int = 0
    last: int = 0
    base: list[int] = field(default_factory=lambda: [0])
    """Depth at which each open scope began: a UNION at that depth starts its next arm."""
    open: list[tuple[int, int, bool]] = field(default_factory=list)

    def new(self) -> int:
        self.last += 1
        self.current = self.last
        return self.current


def tokens_of(sql: str) -> list[Token]:
    """Return the tokens of one statement with their scopes.

    Raises: Unreadable for a backslash in a constant, dollar quotes, executable comments, or unbalanced parentheses.
    """
    return _scoped(_without_schema(_split(sql)))


def _split(sql: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(sql):
        piece = _PIECES.match(sql, at)
        if piece is None:
            raise Unreadable(f"the sign {sql[at]!r}")
        at = piece.end()
        kind = piece.lastgroup
        value = piece[kind] if kind else ""
        if kind == "word" or kind in ("quoted", "ticked"):
            found.append(Token(value, True))
        elif kind == "bind":
            found.append(Token(BIND, False))
        elif kind == "text" or kind != "space":
            found.append(Token(value, False))
    return found


def _without_schema(tokens: list[Token]) -> list[Token]:
    """Leave the schema out of `schema.table.column`."""
    kept: list[Token] = []
    for at, token in enumerate(tokens):
        three = [one.text == "." for one in tokens[at + 1 : at + 5 : 2]] == [True, True]
        names = [one.is_name for one in tokens[at : at + 5 : 2]] == [True, True, True]
        before = bool(kept) and kept[-1].text == "."
        if three and names and not before:
            token.text = ""
        kept.append(token)
    return [
        token
        for at, token in enumerate(kept)
        if token.text and not (at and kept[at - 1].text == "" and token.text == ".")
    ]


def _scoped(tokens: list[Token]) -> list[Token]:
    scopes = _Scopes()
    opened: list[int] = []
    for position, token in enumerate(tokens):
        if token.text == ")" and not token.is_name:
            if not opened:
                raise Unreadable("parentheses that do not pair")
            tokens[opened.pop()].close = position
            scopes.current, _, began = scopes.open.pop()
            if began:
                scopes.base.pop()
        token.scope, token.depth = scopes.current, len(opened)
        if token.text == "(" and not token.is_name:
            after = tokens[position + 1] if position + 1 < len(tokens) else None
            begins = after is not None and after.is_name and after.text.upper() in SCOPE_WORDS
            scopes.open.append((scopes.current, len(opened), begins))
            opened.append(position)
            if begins:
                scopes.new()
                scopes.base.append(len(opened))
        elif token.is_name and token.text.upper() in _SET_WORDS and len(opened) == scopes.base[-1]:
            token.scope = scopes.new()
    if opened:
        raise Unreadable("parentheses that do not pair")
    return tokens


def plain(tokens: list[Token]) -> tuple[str, ...]:
    """Return tokens as texts that two writings of one condition share."""
    return tuple(token.text.upper() if token.is_name else token.text for token in tokens)
