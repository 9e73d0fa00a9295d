"""Access rules of asking, following up and downloading.

Pages about one request judge besides whose it is (`web.portal.own`); those open to anyone asking show a request to the
session that sent it, and send everybody else to confirm an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.portal.visitor import Needs
from web.shell.access import Open

_QUESTIONS = ("values", "more", "whom", "person", "address")

ACCESS: Mapping[str, Needs | Open] = MappingProxyType(
    {
        "ask.page": Open.TO_ANYONE_ASKING,
        "ask.begin": Open.TO_ANYONE_ASKING,
        **{f"ask.{name}": Open.TO_ANYONE_ASKING for name in _QUESTIONS},
        **{f"ask.submit_{name}": Open.TO_ANYONE_ASKING for name in _QUESTIONS},
        "ask_answers.page": Needs.CONFIRMED_ADDRESS,
        "ask_answers.send_proven": Needs.CONFIRMED_ADDRESS,
        "ask_answers.unproven": Open.TO_ANYONE_ASKING,
        "ask_answers.send_unproven": Open.TO_ANYONE_ASKING,
        "confirmation.page": Open.TO_ANYONE_ASKING,
        "confirmation.receipt": Open.TO_ANYONE_ASKING,
        "confirmation.receipt_file": Open.TO_ANYONE_ASKING,
        "confirmation.calendar": Open.TO_ANYONE_ASKING,
        "follow.page": Needs.CONFIRMED_ADDRESS,
        "follow.search": Needs.CONFIRMED_ADDRESS,
        "follow.one": Needs.CONFIRMED_ADDRESS,
        "follow.certificate_file": Needs.CONFIRMED_ADDRESS,
        "download.page": Needs.CONFIRMED_ADDRESS,
        "download.code": Needs.CONFIRMED_ADDRESS,
        "download.fetch": Needs.CONFIRMED_ADDRESS,
    }
)
