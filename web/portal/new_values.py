"""New values for what is wrong: how they are typed, and what is said of one that cannot be used."""

from __future__ import annotations

from datetime import date

from marshmallow import fields

from consentcore.crm.contact_points import InvalidContactPoint, email_point, phone_point
from consentcore.crm.contacts import PointKind
from web.portal.asking_words import FIELD_LABELS
from web.shell.forms import Form
from web.shell.language import gettext as _
from web.shell.language import later
from web.shell.wired import service

COUNTRIES = ("FR", "BE", "CH", "LU", "DE", "ES", "GB", "IT", "NL", "PT", "CA", "MA", "TN", "US")
"""Countries that can be chosen; any other one is named under "something else"."""
NO_ADDRESS = later("Enter an e-mail address, such as name@example.fr")
MAX_VALUE = 200
MAX_TEXT = 2_000
_FIRST_BIRTH = date(1900, 1, 1)


class Values(Form):
    """What is right, field by field; the points of field names are lines here, so that ids stay plain."""

    last_name = fields.Str()
    first_name = fields.Str()
    address_street = fields.Str()
    address_postal_code = fields.Str()
    address_city = fields.Str()
    address_country = fields.Str()
    email = fields.Str()
    phone = fields.Str()
    mobile = fields.Str()
    birth_date = fields.Str()
    account_name = fields.Str()
    other = fields.Str()


def form_name(field: str) -> str:
    """Return the name in a form of a field of a rectification."""
    return field.replace(".", "_")


def what_is_wrong(name: str, text: str) -> str | None:
    """Return what is wrong with a new value, in one sentence; None where nothing is."""
    label = _(FIELD_LABELS[name])
    if not text:
        return _("Enter what is right: %(field)s", field=label)
    if len(text) > (MAX_TEXT if name == "other" else MAX_VALUE):
        return _("This is too long: %(field)s", field=label)
    if name == "email" and not readable_email(text):
        return _(NO_ADDRESS)
    if name in ("phone", "mobile"):
        point = phone_point(PointKind(name), text, service().policy.controller.country)
        return None if point.normalised else _("Enter a telephone number, such as 01 23 45 67 89")
    if name == "birth_date" and not _readable_day(text):
        return _("Enter a date of birth in the past")
    if name == "address.country" and text not in COUNTRIES:
        return _("Choose one of the answers")
    return None


def readable_email(text: str) -> bool:
    """Tell whether a text is an e-mail address that can be found again."""
    try:
        return email_point(text).normalised is not None and text.isprintable()
    except InvalidContactPoint:
        return False


def _readable_day(text: str) -> bool:
    try:
        return _FIRST_BIRTH <= date.fromisoformat(text) <= service().now().date()
    except ValueError:
        return False
