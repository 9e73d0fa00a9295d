"""Lines to paste: a body that an operation takes, and the same call with curl and with Python's own library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consentcore.policyset import LegalBasis, PolicySet, Purpose
from web.api.explorer_model import Field, Operation

KEY = "CC_KEY"
"""The variable of the environment that the lines take the key from."""
_ONCE = "Idempotency-Key"
_PERSON = "camille.deschamps@courriel.example"
_FORMATS = {"uuid": "b0c5a3de-6a0e-4b52-9c54-0f6f4f3a1a11", "date-time": "2026-11-09T10:00:00+01:00"}
_ALSO = ("email",)
_OF_THE_DOCUMENTS = "newsletter"
"""What the documents ask about, and the made-up CRM has answers to."""
_NUMBERS = {"index": 0, "size": 1, "from": 1, "to": 1}


@dataclass(frozen=True, slots=True)
class Samples:
    """What stands under an operation: JSON (empty where nothing is sent), shell, Python."""

    body: str
    curl: str
    python: str


def known_values(policy: PolicySet) -> dict[str, str]:
    """Return values that the policies in force know, so that the lines work as they stand: a purpose and its notice."""
    for purpose in sorted(policy.purposes.values(), key=_unlike_the_documents):
        if purpose.notice is not None:
            return {
                "email": _PERSON,
                "purpose": purpose.id,
                "channel": sorted(purpose.channels)[0].value,
                "notice": f"{purpose.notice}/{policy.controller.languages[0]}",
                "method": "web_form",
            }
    return {"email": _PERSON}


def _unlike_the_documents(purpose: Purpose) -> tuple[bool, bool, str]:
    return purpose.id != _OF_THE_DOCUMENTS, purpose.basis is not LegalBasis.CONSENT, purpose.id


def samples(operation: Operation, root: str, known: Mapping[str, str]) -> Samples:
    """Write the lines of an operation of the service at `root`."""
    body = {
        field.name: _value(field, known)
        for field in operation.body
        if "." not in field.name and (field.required or field.name in _ALSO)
    }
    return Samples(_json(body) if body else "", _curl(operation, root, body), _python(operation, root, body))


def _value(field: Field, known: Mapping[str, str]) -> Any:
    schema = field.schema
    if field.name in known and known[field.name] in (schema.get("enum") or [known[field.name]]):
        return known[field.name]
    if field.values:
        return [field.values[0]] if schema.get("type") == "array" else field.values[0]
    if schema.get("type") == "array":
        return [_FORMATS.get(schema.get("items", {}).get("format", ""), "text")]
    if schema.get("type") in ("integer", "boolean", "object"):
        return {"integer": 1, "boolean": True, "object": {}}[schema["type"]]
    return _FORMATS.get(schema.get("format", ""), "text")


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _query(operation: Operation) -> str:
    needed = [one for one in operation.parameters if one.where == "query" and one.required]
    asked = [f"{one.name}={_NUMBERS.get(one.name, 1)}" for one in needed]
    return "?" + "&".join(asked) if asked else ""


def _path_names(operation: Operation) -> list[str]:
    return [one.name for one in operation.parameters if one.where == "path"]


def _once(operation: Operation) -> bool:
    return any(one.name == _ONCE for one in operation.parameters)


def _curl(operation: Operation, root: str, body: Mapping[str, Any]) -> str:
    path = operation.path
    for name in _path_names(operation):
        path = path.replace(f"{{{name}}}", f"${name.upper()}")
    lines = [f'curl -sS "{root}{path}{_query(operation)}"']
    if operation.scope:
        lines.append(f'-H "Authorization: Bearer ${KEY}"')
    if _once(operation):
        lines.append(f'-H "{_ONCE}: $(openssl rand -hex 16)"')
    if body:
        lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(body, ensure_ascii=False)}'"]
    return " \\\n  ".join(lines)


def _python(operation: Operation, root: str, body: Mapping[str, Any]) -> str:
    names = _path_names(operation)
    imports = ["import json", *(["import os"] if operation.scope or names else [])]
    imports += ["import urllib.request", *(["import uuid"] if _once(operation) else [])]
    path = operation.path
    for name in names:
        path = path.replace(f"{{{name}}}", f"{{os.environ['{name.upper()}']}}")
    headers = [f'"Authorization": f"Bearer {{os.environ[\'{KEY}\']}}"'] if operation.scope else []
    headers += ['"Content-Type": "application/json"'] if body else []
    headers += [f'"{_ONCE}": str(uuid.uuid4())'] if _once(operation) else []
    given = [f'{"f" if names else ""}"{root}{path}{_query(operation)}"']
    given += [f"data=json.dumps({_json(body)}).encode()".replace("\n", "\n    ")] if body else []
    if headers:
        given.append("headers={\n" + "".join(f"        {one},\n" for one in headers) + "    }")
    lines = [*imports, "", "ask = urllib.request.Request(", *(f"    {one}," for one in given), ")"]
    return "\n".join([*lines, "with urllib.request.urlopen(ask) as answer:", "    print(json.load(answer))"])
