"""The organisation and the data that registers and documents are drawn from in tests; everybody is made up."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

import pytest

from consentcore.columns import Category, Erasure, Provenance, Sensitivity
from consentcore.personal_data.datamap import DataMap, MappedField
from consentcore.policyset import (
    Channel,
    Controller,
    DeadlinePack,
    LegalBasis,
    Phase,
    PolicySet,
    Purpose,
    Recipient,
    RecipientKind,
    RetentionRule,
    Rule,
    RuleStatus,
)


@pytest.fixture
def controller() -> Controller:
    """A company in France."""
    return Controller(
        name="Jardins & Fils",
        address="1 rue de l'Exemple, 75000 Exempleville, France",
        email="contact@jardins.example",
        phone="+33 1 99 00 12 34",
        country="FR",
        timezone="Europe/Paris",
        languages=("fr", "en"),
        dpo_name="Camille Exemple",
        dpo_email="dpo@jardins.example",
        made_up=True,
    )


def purpose(
    purpose_id: str,
    basis: LegalBasis,
    *,
    data: frozenset[str] = frozenset(),
    recipients: tuple[str, ...] = (),
    ends: str | None = None,
) -> Purpose:
    """A purpose with what the register needs of it."""
    return Purpose(
        id=purpose_id,
        version=2,
        title={"fr": f"Titre {purpose_id}", "en": f"Title {purpose_id}"},
        description={"fr": "Pourquoi", "en": "Why"},
        basis=basis,
        channels=frozenset({Channel.EMAIL}),
        rule=Rule.OPT_IN if basis is LegalBasis.CONSENT else Rule.BASIS,
        notice=f"{purpose_id}@1",
        data=data,
        recipients=recipients,
        ends=ends,
    )


@pytest.fixture
def policy(controller: Controller) -> PolicySet:
    """Policies without a gap: three purposes, two rules, two recipients, the deadlines of France."""
    rules = (
        RetentionRule(
            "prospects",
            "contact",
            None,
            "last_contact_from_person",
            "P3Y",
            Phase.ERASE,
            "référentiel",
            "5(1)(e)",
            RuleStatus.AUTHORITY,
        ),
        RetentionRule(
            "invoice",
            "invoice",
            "invoicing",
            "fiscal_year_end_of_issue",
            "P10Y",
            Phase.ARCHIVE,
            "Code de commerce, art. L123-22",
            "17(3)(b)",
            RuleStatus.LAW,
        ),
    )
    recipients = (
        Recipient("mailer", {"fr": "Envois", "en": "Mailer"}, RecipientKind.PROCESSOR, "FR", None),
        Recipient("tax", {"fr": "Impôts", "en": "Tax office"}, RecipientKind.AUTHORITY, "FR", None),
    )
    purposes = (
        purpose("invoicing", LegalBasis.LEGAL_OBLIGATION, data=frozenset({"invoice"}), recipients=("tax",)),
        purpose("newsletter", LegalBasis.CONSENT, data=frozenset({"contact"}), recipients=("mailer",)),
        purpose("orders", LegalBasis.CONTRACT, data=frozenset({"transaction"}), ends="contract_end"),
    )
    pack = DeadlinePack("FR@1", "FR", 1, date(2026, 1, 1), "P1M", "P2M", 72, "FR", True, ("source",), ())
    return PolicySet(
        sha256="ab" * 32,
        version="1.0.0",
        effective_on=date(2026, 11, 1),
        controller=controller,
        purposes=MappingProxyType({one.id: one for one in purposes}),
        data_classes={"contact": {"fr": "Coordonnées", "en": "Contact details"}},
        retention={rule.id: rule for rule in rules},
        deadlines={"FR": pack},
        recipients={one.id: one for one in recipients},
    )


def mapped(
    column: str, category: Category, retention: str, sensitivity: Sensitivity = Sensitivity.ORDINARY
) -> MappedField:
    """One personal column of a table named after its class."""
    return MappedField(
        f"cc_{retention}", column, category, Provenance.PROVIDED, sensitivity, "subject", retention, Erasure.SHRED, True
    )


@pytest.fixture
def datamap() -> DataMap:
    """Columns of contacts and transactions."""
    return DataMap(
        (
            mapped("value", Category.EMAIL, "contact"),
            mapped("last_name", Category.NAME, "contact"),
            mapped("billing_name", Category.NAME, "transaction"),
            mapped("subject_ref", Category.PSEUDONYM, "keys"),
        )
    )
