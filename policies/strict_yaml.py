"""YAML read strictly: one document of plain mappings, lists and scalars, or an error that names the place.

The parser is PyYAML's (libyaml's where it is there), but the tree is built here from its events: no tag is
looked up, no alias followed, no object made, and every limit is checked while reading, not after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import yaml

from policies import plain_text
from policies.plain_text import UnreadableFile
from policies.scalars import Surprising, resolve

if TYPE_CHECKING:
    from yaml.events import CollectionStartEvent, Event, ScalarEvent

Value: TypeAlias = "str | bool | int | date | list[Value] | dict[str, Value] | None"

PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one file: bytes, nesting (a top-level key's value is 1 deep), keys and values together."""

    max_bytes: int = plain_text.MAX_BYTES
    max_depth: int = 12
    max_nodes: int = 20_000


LIMITS = Limits()


def read(source: Path | bytes, *, name: str | None = None, limits: Limits = LIMITS) -> dict[str, Value]:
    """Read one YAML file, or its bytes, as a mapping; `name` is how errors call it (default: the file's name).

    Refused at any depth: repeated keys, keys that are not text, anchors, aliases, merge keys, tags, directives,
    a second document, unquoted scalars that readers take in different ways (see `policies.scalars`), control
    characters, and whatever goes beyond `limits`.

    Raises: UnreadableFile.
    """
    if isinstance(source, bytes):
        shown, raw = name or "the YAML text", source
        if len(raw) > limits.max_bytes:
            raise UnreadableFile(f"{shown}: holds more than {limits.max_bytes} bytes; split it or shorten it")
    else:
        shown = name or source.name
        raw = plain_text.read_bytes(source, name=shown, max_bytes=limits.max_bytes)
    return parse(plain_text.decode(raw, shown), shown, limits)


def parse(text: str, name: str, limits: Limits = LIMITS) -> dict[str, Value]:
    """Read a text that `plain_text.decode` has let through, as `read` does.

    Raises: UnreadableFile.
    """
    try:
        return _Tree(yaml.parse(text, Loader=PARSER), name, limits).document()
    except yaml.MarkedYAMLError as cause:
        line = cause.problem_mark.line + 1 if cause.problem_mark else 1
        reason = cause.problem or "cannot be read"
        raise UnreadableFile(
            f"{name}, line {line}: is not YAML ({reason}); correct the line or the one above"
        ) from cause
    except yaml.YAMLError as cause:
        raise UnreadableFile(f"{name}: is not YAML; check it for characters that YAML does not allow") from cause


class _Tree:
    """The events of one document, on their way to becoming a mapping."""

    def __init__(self, events: Iterator[Event], name: str, limits: Limits) -> None:
        self._events = events
        self._name = name
        self._limits = limits
        self._path: list[str | int] = []
        self._nodes = 0

    def document(self) -> dict[str, Value]:
        next(self._events)
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            self._refuse(start, "is empty; write the keys that it should hold")
        if isinstance(start, yaml.DocumentStartEvent) and (start.version or start.tags):
            self._refuse(start, "has a % directive; remove it")
        value = self._node(next(self._events))
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse(after, "begins a second document; keep one document in a file")
        if not isinstance(value, dict):
            self._refuse(start, "does not hold keys with values; write `key: value` lines")
        return value

    def _node(self, event: Event) -> Value:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"uses the alias *{event.anchor}; write the value out")
        if isinstance(event, yaml.ScalarEvent):
            self._admit(event)
            return self._scalar(event)
        if not isinstance(event, yaml.CollectionStartEvent):
            self._refuse(event, "is not a value; write a text, a list or a group of keys")
        self._admit(event)
        if len(self._path) > self._limits.max_depth:
            self._refuse(event, f"is nested more than {self._limits.max_depth} deep; flatten it")
        return self._mapping() if isinstance(event, yaml.MappingStartEvent) else self._sequence()

    def _admit(self, event: ScalarEvent | CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._refuse(event, f"has the anchor &{event.anchor}; remove it and write values out where they are wanted")
        if event.tag is not None:
            self._refuse(event, "has a ! tag; remove it")
        self._nodes += 1
        if self._nodes > self._limits.max_nodes:
            self._refuse(event, f"comes after {self._limits.max_nodes} values; split the file")

    def _scalar(self, event: yaml.ScalarEvent) -> Value:
        text: str = event.value
        unseen = plain_text.first_unseen(text)
        if unseen:
            self._refuse(event, f"holds the control character {unseen[1]}; remove it")
        if not event.implicit[0]:
            return text
        try:
            return resolve(text)
        except Surprising as cause:
            self._refuse(event, str(cause))

    def _mapping(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            self._path.append(key)
            if key in found:
                self._refuse(event, "stands twice in the same group; keep one")
            found[key] = self._node(next(self._events))
            self._path.pop()
        return found

    def _key(self, event: Event) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "has a key that is not a single text; write `key: value`")
        self._admit(event)
        self._path.append(event.value)
        key = self._scalar(event)
        if not isinstance(key, str):
            self._refuse(event, "is a key that is not text; quote it")
        self._path.pop()
        return key

    def _sequence(self) -> list[Value]:
        found: list[Value] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            self._path.append(len(found))
            found.append(self._node(event))
            self._path.pop()
        return found

    def _refuse(self, event: Event, what: str) -> NoReturn:
        place = f"{self._name}, line {event.start_mark.line + 1 if event.start_mark else 1}"
        if self._path:
            place += f", {key_path(self._path)}"
        raise UnreadableFile(f"{place}: {what}")


def key_path(path: Sequence[str | int]) -> str:
    """Write the way to a value as people read it: `channels[0]`, `title.fr`; long keys are cut, line ends escaped."""
    shown = ""
    for step in path:
        if isinstance(step, int):
            shown += f"[{step}]"
        else:
            word = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in step[:60])
            shown += f".{word}" if shown else word
    return shown
