"""Access rules of signing in, preferences, unsubscribing and the history of consents."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.portal.visitor import Needs
from web.shell.access import Open

ACCESS: Mapping[str, Needs | Open] = MappingProxyType(
    {
        "sign_in.page": Open.TO_ANYONE_ASKING,
        "sign_in.submit": Open.TO_ANYONE_ASKING,
        "sign_in.code_page": Open.TO_ANYONE_ASKING,
        "sign_in.check": Open.TO_ANYONE_ASKING,
        "sign_in.resend": Needs.BEGUN,
        "sign_in.again": Needs.CONFIRMED_ADDRESS,
        "sign_in.submit_again": Needs.CONFIRMED_ADDRESS,
        "sign_in.leave": Open.TO_ANYONE_ASKING,
        "preferences.page": Needs.CONFIRMED_ADDRESS,
        "preferences.save": Needs.CONFIRMED_ADDRESS,
        "preferences.saved": Needs.CONFIRMED_ADDRESS,
        "preferences.object_to_all": Needs.CONFIRMED_ADDRESS,
        "history.page": Needs.CONFIRMED_ADDRESS,
        "history.receipt": Needs.CONFIRMED_ADDRESS,
        "history.proof": Needs.CONFIRMED_ADDRESS,
        "notices.page": Open.TO_ANYONE,
        "unsubscribe.page": Open.TO_ANYONE_ASKING,
        "unsubscribe.submit": Open.TO_MACHINES,
        "unsubscribe.undo": Open.TO_ANYONE_ASKING,
        "unsubscribe.undone": Open.TO_ANYONE_ASKING,
        "confirm.page": Open.TO_ANYONE_ASKING,
        "confirm.submit": Open.TO_ANYONE_ASKING,
        "about.page": Open.TO_ANYONE,
        "about.accessibility": Open.TO_ANYONE,
    }
)
