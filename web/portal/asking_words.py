"""What rights, uses and fields are called towards the person who asks: plain words, in the page's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from consentcore.policyset import LegalBasis, PolicySet
from consentcore.requests.intake import Role
from consentcore.requests.tables import Right
from consentcore.suppression.tables import MARKETING
from registry.countries import country_name
from registry.wording import text_in
from web.portal.draft import MYSELF, RESTRICTION, Draft, What, opposable
from web.shell.language import gettext as _
from web.shell.language import language, later, long_day

TITLES: Mapping[What, str] = {
    What.ACCESS: later("See my data"),
    What.RECTIFICATION: later("Correct a mistake"),
    What.ERASURE: later("Erase my data"),
    What.PORTABILITY: later("Take my data with me"),
    What.LIMIT: later("Object to a use or limit it"),
}
RIGHT_TITLES: Mapping[Right, str] = {
    Right.ACCESS: TITLES[What.ACCESS],
    Right.RECTIFICATION: TITLES[What.RECTIFICATION],
    Right.ERASURE: TITLES[What.ERASURE],
    Right.PORTABILITY: TITLES[What.PORTABILITY],
    Right.OBJECTION: later("Object to a use"),
    Right.WITHDRAWAL: later("Withdraw a consent"),
    Right.RESTRICTION: later("Have a use limited"),
    Right.HUMAN_REVIEW: later("Have a decision reviewed by a person"),
    Right.POST_MORTEM: later("Directives on the data of a deceased person"),
}
WHOM: Mapping[str, tuple[str, str]] = {
    MYSELF: (later("For myself"), ""),
    Role.MANDATE.value: (
        later("For somebody who asked me to"),
        later("We will ask you for that person’s written and signed mandate."),
    ),
    Role.PARENT.value: (
        later("For a child of whom I am a parent or guardian"),
        later("We will ask you to show it, without asking for more than is needed."),
    ),
    Role.HEIR.value: (
        later("For somebody who has died"),
        later("As an heir, or named in that person’s directives. We will ask you to show it."),
    ),
}


@dataclass(frozen=True, slots=True)
class Correctable:
    """One thing that can be corrected: what it is called, and the fields of `requests.rectification` that it sets."""

    name: str
    label: str
    fields: tuple[str, ...]


CORRECTABLE: Sequence[Correctable] = (
    Correctable("last_name", later("Last name"), ("last_name",)),
    Correctable("first_name", later("First name"), ("first_name",)),
    Correctable(
        "address", later("Postal address"), ("address.street", "address.postal_code", "address.city", "address.country")
    ),
    Correctable("email", later("Your e-mail address"), ("email",)),
    Correctable("phone", later("Telephone"), ("phone",)),
    Correctable("mobile", later("Mobile telephone"), ("mobile",)),
    Correctable("birth_date", later("Date of birth"), ("birth_date",)),
    Correctable("account_name", later("Company"), ("account.name",)),
    Correctable("other", later("Something else"), ("other",)),
)
FIELD_LABELS: Mapping[str, str] = {
    "last_name": later("Last name"),
    "first_name": later("First name"),
    "address.street": later("Number and street"),
    "address.postal_code": later("Postcode"),
    "address.city": later("Town"),
    "address.country": later("Country"),
    "email": later("New e-mail address"),
    "phone": later("Telephone"),
    "mobile": later("Mobile telephone"),
    "birth_date": later("Date of birth"),
    "account.name": later("Company"),
    "other": later("What is wrong, and what would be right"),
}


def title_of(rights: Mapping[Right, str | None]) -> str:
    """Return what a request asks for, as its heading."""
    return ", ".join(_(RIGHT_TITLES[right]) for right in rights)


def usages(policy: PolicySet) -> list[tuple[str, str, str]]:
    """Return what can be objected to or limited here: code, name, explanation."""
    found = [
        (
            MARKETING,
            _("Stop all advertising"),
            _("By any means, also what you once agreed to. In effect at once, without any proof of identity."),
        )
    ]
    for purpose in opposable(policy):
        takes_back = purpose.basis is LegalBasis.CONSENT
        how = _("You withdraw your consent to this one use.") if takes_back else _("You object to this one use.")
        found.append((purpose.id, text_in(purpose.title, language()), how))
    found.append(
        (
            RESTRICTION,
            _("Freeze my data during a dispute"),
            _("We keep your data without using them, for instance while a mistake or an objection is looked into."),
        )
    )
    return found


def usage_in_words(usage: str, policy: PolicySet) -> str:
    """Return the name of one use that was objected to; its code where the policies no longer have it."""
    return next((name for code, name, _how in usages(policy) if code == usage), usage)


def changes_in_words(changes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return new values with their names, in the order of the questions; dates and countries as people read them."""
    order = list(FIELD_LABELS)
    names = sorted(changes, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [(_(FIELD_LABELS[name]) if name in FIELD_LABELS else name, _as_read(name, changes[name])) for name in names]


def _as_read(name: str, value: str) -> str:
    if name == "address.country":
        return country_name(value, language())
    if name == "birth_date":
        try:
            return long_day(date.fromisoformat(value))
        except ValueError:
            return value
    return value


def summary(made: Draft, policy: PolicySet, address: str) -> list[tuple[str, str, str | None]]:
    """Return the answers of a draft as the person checks them: question, answer, endpoint where it is changed."""
    rows: list[tuple[str, str, str | None]] = [(_("Your request"), _(TITLES[made.what]), None)]
    if made.what is What.LIMIT and made.usage is not None:
        rows.append((_("What you object to or limit"), usage_in_words(made.usage, policy), "ask.page"))
    rows += [(question, answer, "ask.values") for question, answer in changes_in_words(made.changes)]
    if made.more is not None:
        rows.append((_("What you add"), made.more or _("Nothing"), "ask.more"))
    if made.whom is not None:
        rows.append((_("For whom"), _(WHOM[made.whom][0]), "ask.whom"))
    if made.person is not None:
        rows.append((_("That person’s e-mail address"), made.person, "ask.person"))
    rows.append((_("Your e-mail address"), address, "ask.address" if made.address is not None else None))
    return rows
