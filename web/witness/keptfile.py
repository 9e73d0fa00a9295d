"""Reading a checkpoint that somebody kept: the note itself, a witness's file, or a saved mail with the note in it."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.errors import MessageError
from pathlib import Path

from consentcore.errors import BadInput

MOST_BYTES = 256 * 1024
_NOTE = re.compile(
    r"^[^\s+][^\n]{0,254}\n(?:0|[1-9][0-9]{0,15})\n[A-Za-z0-9+/]{43}=\n\n(?:— [^\n]{1,400}\n){1,16}", re.MULTILINE
)
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,40}: ?[^\r\n]*\r?\n")


def read_checkpoint_file(path: Path) -> str:
    """Return the one signed note that a file holds; its signatures are for the caller to check.

    Raises: BadInput when there is none, more than one, or the file is too large; OSError.
    """
    with path.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadInput(f"{path} is too large to hold a checkpoint")
    text = _text_of(data).replace("\r\n", "\n")
    found = set(_NOTE.findall(text if text.endswith("\n") else text + "\n"))
    if len(found) != 1:
        raise BadInput(f"{path} holds {'no checkpoint' if not found else 'more than one checkpoint'}")
    return str(found.pop())


def _text_of(data: bytes) -> str:
    if _HEADER.match(data):
        try:
            part = message_from_bytes(data, policy=policy.default).get_body(("plain",))
            return "" if part is None else str(part.get_content())
        except (MessageError, LookupError, ValueError):
            raise BadInput("this mail cannot be read") from None
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadInput("this file is not text, so it holds no checkpoint") from None
