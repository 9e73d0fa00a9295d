"""What an unquoted YAML scalar means: text, `true`, `false`, `null`, a whole number, a date, or a refusal."""

from __future__ import annotations

import re
from datetime import date

type_names: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    date: "a date",
    list: "a list",
    dict: "a group of keys",
    type(None): "nothing",
}

_EXACT: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_YES_OR_NO = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OTHER_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}.*)?")
_OTHER_NUMBER = re.compile(
    r"[-+]?(0[xXoObB][0-9A-Fa-f_]+"  # 0x1F
    r"|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"  # 12:30, which YAML 1.1 counts in sixties
    r"|([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?"  # 007, 1_000, 1.5, 1e3
    r"|\.(inf|nan))",
    re.IGNORECASE,
)


class Surprising(ValueError):
    """An unquoted scalar that YAML readers take in different ways; the message says how to write it instead."""


def resolve(text: str) -> str | bool | int | date | None:
    """Give the value of an unquoted scalar.

    Stricter than YAML 1.1 and 1.2: whatever one of them would take for something other than what it looks like
    (`no`, `on`, `007`, `12:30`, `1.5`) is refused rather than guessed.

    Raises: Surprising.
    """
    if text in _EXACT:
        return _EXACT[text]
    if text.lower() in _YES_OR_NO:
        raise Surprising(f'is an unquoted {text}; write true, false or null, or quote it as text: "{text}"')
    if text in ("<<", "="):
        raise Surprising(f"is an unquoted {text}, which YAML gives a meaning of its own; write the values out")
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Surprising(f"is {text}, a day that no calendar has; correct it") from None
    if _OTHER_DATE.fullmatch(text):
        raise Surprising("is a date in another form; write YYYY-MM-DD, or quote it as text")
    if _OTHER_NUMBER.fullmatch(text):
        raise Surprising(f'is a number that readers take in different ways; quote it as text: "{text[:40]}"')
    return text
