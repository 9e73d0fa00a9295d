from __future__ import annotations

import re
from typing import Any

import pytest

from consentcore.importing.mapping import MappingRefused
from consentcore.importing.targets import CONSENT_TARGETS, CONTACT_TARGETS, TRANSACTION_TARGETS

BILL = {"contact.external_id": "customer", "kind": "kind", "issued_on": "day", "amount": "total"}
BAD = [
    ({"entity": "ticket"}, "contact, transaction, consent only; ticket comes with a later one"),
    ({"entity": "person"}, "entity: must be one of contact, transaction, consent"),
    ({"entity": "transaction"}, "is no target of a transaction"),
    ({"entity": "transaction", "fields": BILL | {"email": "mail"}}, "'email': is no target of a transaction"),
    ({"entity": "transaction", "fields": BILL | {"account.vat": "vat"}}, "kept by accounts"),
    (
        {"entity": "transaction", "fields": {"number": "nr"}},
        "every transaction needs `contact.external_id`; give it a column",
    ),
    ({"entity": "transaction", "fields": BILL}, "every transaction needs `currency`; give it a constant or a column"),
    ({"entity": "transaction", "fields": BILL, "constants": {"currency": "EUR", "number": "7"}}, "makes no sense"),
    ({"system": "Big Shop"}, "external_id.system"),
    ({"fields": {}}, "fields: maps no column"),
    ({"fields": {"e_mail": "mail"}}, "is no target of a contact"),
    ({"fields": {"account.siret": "siret"}}, "kept by accounts"),
    ({"fields": {"account.vat": "vat"}}, "kept by accounts"),
    ({"constants": {"account.vat": "FR1"}}, "kept by accounts"),
    ({"fields": {"email": "mail", "kind": "type"}, "constants": {"kind": "lead"}}, "under fields and under constants"),
    ({"constants": {"email2": "a@b.example"}}, "one value for every row makes no sense"),
    ({"constants": {"kind": " "}}, "constants.kind"),
    ({"fields": {"email": " mail"}}, "email: a column's name"),
    ({"id_column": ""}, "external_id.column: a column's name"),
    ({"fields": {"email": "consentcore_cause"}}, "kept for the quarantine"),
    ({"encoding": "utf-7"}, "encoding: must be one of"),
    ({"delimiter": "a"}, "delimiter"),
    ({"decimal": "'"}, "decimal"),
    ({"timezone": "Europe/Atlantis"}, "timezone"),
    ({"dates": "%d %B %Y"}, "dates"),
    ({"dates": "%d/%m"}, "dates"),
    ({"dates": "%Y-%m-%d %"}, "dates"),
    ({"dates": "%d/%m/%Y/%d"}, "dates"),
    ({"sha256": "abc"}, "sha256"),
]


@pytest.mark.parametrize(("change", "said"), BAD, ids=[said for _, said in BAD])
def test_what_a_mapping_cannot_be(mapping: Any, change: dict[str, Any], said: str) -> None:
    with pytest.raises(MappingRefused, match=re.escape(said)):
        mapping(**change)


def test_every_target_of_the_public_surface_is_there_or_refused_with_a_reason() -> None:
    surface = (
        "first_name last_name email email2 phone mobile fax job_title birth_date language gender timezone capacity "
        "address.street address.city address.region address.postal_code address.country account.name kind source "
        "notes tags created_at last_contact_at"
    )
    assert set(surface.split()) == set(CONTACT_TARGETS)


def test_every_target_of_a_transaction_on_the_public_surface_is_there_and_two_more() -> None:
    surface = (
        "contact.external_id kind number issued_on amount currency billing_name billing_address.street "
        "billing_address.city billing_address.region billing_address.postal_code billing_address.country"
    )
    assert set(TRANSACTION_TARGETS) == {*surface.split(), "status", "ends_on"}


def test_every_target_of_a_consent_on_the_public_surface_is_there() -> None:
    surface = "contact.external_id purpose channel state at method notice"
    assert set(CONSENT_TARGETS) == set(surface.split())


def test_a_mapping_cannot_be_changed_through_what_it_was_made_of(mapping: Any) -> None:
    fields = {"email": "mail"}
    made = mapping(fields=fields)
    fields["phone"] = "tel"
    assert dict(made.fields) == {"email": "mail"}
    with pytest.raises(TypeError):
        made.fields["phone"] = "tel"
