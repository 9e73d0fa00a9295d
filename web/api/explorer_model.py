"""The specification, read for people: chapters of operations with their fields, answers and refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from web.api.explorer_words import CODES, MEANINGS, Code
from web.api.operation import SECURITY
from web.shell.language import gettext as _
from web.shell.language import ngettext

Document = Mapping[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or a parameter: then `where` is `path`, `query` or `header`; `meaning` is a text of the catalogue."""

    name: str
    schema: Document
    required: bool
    meaning: str
    where: str = ""

    @property
    def values(self) -> Sequence[str]:
        """The only values it takes, where they are listed."""
        listed: Sequence[str] = self.schema.get("enum") or self.schema.get("items", {}).get("enum") or ()
        return listed


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `scope` is None where no key is needed, `body` holds no field where none is sent."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str | None
    parameters: Sequence[Field]
    body: Sequence[Field]
    status: int
    answer: Sequence[Field]
    conditional: bool
    refusals: Sequence[Code]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations on one noun."""

    name: str
    description: str
    operations: Sequence[Operation]


def chapters(document: Document) -> list[Chapter]:
    """Return what the specification says, noun by noun, in its own order."""
    found = [
        _operation(document, path, method, operation, methods.get("parameters", ()))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS
    ]
    tags = {operation["operationId"]: operation["tags"][0] for operation in _operations(document)}
    return [
        Chapter(tag["name"], tag["description"], [one for one in found if tags[one.id] == tag["name"]])
        for tag in document["tags"]
    ]


def problem(document: Document) -> list[Field]:
    """Return the fields of a problem document."""
    return list(_fields(document, "Problem"))


def type_in_words(schema: Document) -> str:
    """Say in the page's language what a value looks like."""
    kinds = schema.get("type", "string" if "enum" in schema else "")
    named = [kinds] if isinstance(kinds, str) else list(kinds)
    (kind,) = [one for one in named if one != "null"] or [""]
    said = _kind(kind, schema)
    return _("%(type)s, or null", type=said) if "null" in named else said


def _operations(document: Document) -> Iterator[Document]:
    for methods in document["paths"].values():
        yield from (one for method, one in methods.items() if method in _METHODS)


def _operation(document: Document, path: str, method: str, told: Document, shared: Sequence[Document]) -> Operation:
    parameters = [_parameter(one) for one in (*shared, *told.get("parameters", ()))]
    body = list(_fields(document, _schema_name(told.get("requestBody", {}))))
    takes = {one.name for one in (*parameters, *body)}
    good = next(int(status) for status in told["responses"] if status.startswith("2"))
    refused = [
        code for code in CODES if str(code.status) in told["responses"] and (not code.takes or takes & set(code.takes))
    ]
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        description=told.get("description", ""),
        scope=told["security"][0][SECURITY][0] if told["security"] else None,
        parameters=parameters,
        body=body,
        status=good,
        answer=list(_fields(document, _schema_name(told["responses"][str(good)]))),
        conditional="304" in told["responses"],
        refusals=refused,
    )


def _schema_name(part: Document) -> str:
    reference: str = part.get("content", {}).get(_JSON, {}).get("schema", {}).get("$ref", "")
    return reference.rpartition("/")[2]


def _parameter(told: Document) -> Field:
    meaning = told.get("description") or MEANINGS.get(told["name"], "")
    return Field(told["name"], told["schema"], told.get("required", False), meaning, told["in"])


def _fields(document: Document, name: str, before: str = "") -> Iterator[Field]:
    """Yield the fields of a schema, required ones first, those of lists of objects after the list as `list[].field`."""
    if not name:
        return
    schema = document["components"]["schemas"][name]
    required = set(schema.get("required", ()))
    ordered = sorted(schema["properties"].items(), key=lambda item: item[0] not in required)
    for field, told in ordered:
        meaning = told.get("description") or MEANINGS.get(f"{name}.{field}") or MEANINGS.get(field, "")
        yield Field(before + field, told, field in required, meaning)
        below = told.get("items", {}).get("$ref", "").rpartition("/")[2]
        if below:
            yield from _fields(document, below, f"{before}{field}[].")


def _kind(kind: str, schema: Document) -> str:
    if kind == "array":
        below = schema["items"]
        return _("list of objects") if "$ref" in below else _("list of: %(type)s", type=type_in_words(below))
    if kind == "object":
        return _object(schema)
    if kind == "string":
        return _text(schema)
    return {"integer": _("whole number"), "boolean": _("true or false")}.get(kind, kind)


def _object(schema: Document) -> str:
    most, longest = schema.get("maxProperties"), schema.get("additionalProperties", {}).get("maxLength")
    if most is None:
        return _("object")
    return _("object: at most %(most)s texts of %(longest)s characters", most=most, longest=longest)


def _text(schema: Document) -> str:
    forms = {
        "uuid": _("UUID"),
        "email": _("e-mail address"),
        "date": _("day (ISO 8601)"),
        "date-time": _("instant with its offset (RFC 3339)"),
        "uri": _("URI"),
    }
    said = forms.get(schema.get("format", ""), _("one of these words") if "enum" in schema else _("text"))
    longest = schema.get("maxLength")
    if longest is None:
        return said
    return ngettext("%(type)s, at most %(num)s character", "%(type)s, at most %(num)s characters", longest, type=said)
