"""A plaintext on its way into a sealed column: it waits on the object until the flush seals it."""

from __future__ import annotations

from typing import NoReturn

from sqlalchemy.exc import DontWrapMixin

from consentcore.errors import BadInput


class PlaintextRefused(BadInput, DontWrapMixin):
    """A sealed column was handed something else than sealed bytes; the message names the column, not the value."""

    default_code = "plaintext_refused"


class Pending:
    """A text that was assigned and is not yet sealed; it shows nothing of itself and is not pickled or copied."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "<pending plaintext>"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise PlaintextRefused("a pending plaintext is not pickled or copied; flush the session first")
