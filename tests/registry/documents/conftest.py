"""Values about a made-up person, some of them hostile."""

from __future__ import annotations

from datetime import date

import pytest

from registry.documents.model import (
    AccessPackageData,
    ErasedGroup,
    ErasureLetterData,
    PackageItem,
    RetainedItem,
    ToldRecipient,
    UsedPurpose,
)

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attachment": '"><link rel="attachment" href="file:///etc/passwd">',
    "image": "<img src=x onerror=alert(1)>",
    "address": "javascript:alert(1)",
    "template": "{{ 7 * 7 }}{% raw %}",
    "formula": '=HYPERLINK("http://attacker.example","x")',
    "plus": "+33 1 99 00 12 34",
    "at": "@SUM(1+1)",
    "wide_formula": "\uff1d1+1",
    "spaced_formula": "  =1+1",
    "tabbed": "\t=1+1",
    "reversed": "abc\u202egnp.exe",
    "isolated": "a\u2066b",
    "controls": "a\x00b\x1bc",
    "lines": "one\r\ntwo",
    "style": "</style><style>*{display:none}",
}
NAMES = ("Şahin", "Řehoř", "Παπαδόπουλος", "Иванов")


def item(
    field: str, value: str, *, ref: str = "1", store: str = "contact", provenance: str = "provided"
) -> PackageItem:
    """One value."""
    return PackageItem(store, ref, field, field.replace("_", " "), value, provenance, "import crm", date(2026, 3, 12))


@pytest.fixture
def access() -> AccessPackageData:
    """The answer to a request of access, with a name in each script and the whole hostile corpus."""
    items = [item(f"name_{number}", name) for number, name in enumerate(NAMES)]
    items += [item(field, value, ref="2") for field, value in HOSTILE.items()]
    return AccessPackageData(
        reference="9TWP-63RD",
        received_on=date(2026, 10, 11),
        found=True,
        addressee=("Madame Ayşe Şahin", "4 allée des Tilleuls", "44000 Nantes"),
        items=tuple(items),
        store_labels={"contact": "Fiche <b>contact</b>"},
        purposes=(UsedPurpose("Facturation", "Obligation légale", "6(1)(c)", ("nom",), "2031", "art. L123-22"),),
        recipients=(ToldRecipient("Envois", "IE", "adresse", date(2026, 11, 2)),),
        retained=(RetainedItem("Facture 17", "comptes", "17(3)(b)", date(2031, 12, 31)),),
        withheld=("Une note qui nomme un tiers",),
    )


@pytest.fixture
def erasure() -> ErasureLetterData:
    """The end of an erasure that had to leave an invoice."""
    return ErasureLetterData(
        reference="B4GT-W7C3",
        received_on=date(2026, 10, 11),
        erased=(ErasedGroup("Fiche <contact>", 14),),
        retained=(
            RetainedItem("Facture 17", "Code de commerce, art. L. 123-22", "17(3)(b)", date(2031, 12, 31)),
            RetainedItem("Commande 3", "contrat en cours", "17(1)", until_event="fin du contrat"),
        ),
        addressee=("Madame Ayşe Şahin",),
        recipients=("Envois",),
        certificate="K7QM-3RTA",
        keys_destroyed=True,
    )
