"""Handing out what a request of access or portability found: the core's frozen answer as documents of the register."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from consentcore.crm.contacts import PointKind
from consentcore.crm.drafts import ContactDraft
from consentcore.errors import InvalidTransition
from consentcore.policyset import PolicySet
from consentcore.requests import access, lifecycle, portability
from consentcore.requests.access import AccessPackage, DisclosedTo
from consentcore.requests.applied_purposes import AppliedPurpose, Keeping
from consentcore.requests.held_data import DataItem
from consentcore.requests.items import Item
from consentcore.requests.no_ground import still_needed
from consentcore.requests.portability import PortabilityPackage
from consentcore.requests.tables import Right
from registry.countries import country_name
from registry.documents.model import (
    AccessPackageData,
    PersonCard,
    PortabilityData,
    RetainedItem,
    ToldRecipient,
    UsedPurpose,
)
from registry.documents.package import build_access_package
from registry.documents.portability import build_portability_package
from registry.documents.stores import WordedItem
from registry.store_words import field_label, is_technical, last_part, place_of, store_label, value_in_words
from registry.wording import BASES, CATEGORIES, EVENTS, period_in_words, said, text_in
from web.transaction import reading
from web.wiring import Service

PACKAGED = frozenset({Right.ACCESS, Right.PORTABILITY})
"""Rights whose answer is a package."""


@dataclass(frozen=True, slots=True)
class MadePackage:
    """One package, made now: what right it answers, the name of its file, its bytes."""

    right: Right
    name: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """The hash that whoever receives it can compare."""
        return sha256(self.content).hexdigest()


def make_packages(
    service: Service, reference: str, lang: str, rights: Collection[Right] = PACKAGED
) -> list[MadePackage]:
    """Make the packages of a request that was carried out, as the data stand now; nothing is written anywhere.

    Raises: NotFound; InvalidTransition when none of `rights` was carried out under it.
    """
    now = service.now()
    made: list[MadePackage] = []
    with reading(service.sessions) as session:
        dsr = lifecycle.find(session, reference)
        done = lifecycle.done_steps(session, dsr.id)
        matter = (session, service.keyring, service.policy, dsr.id, now)
        controller = service.policy.controller
        if Right.ACCESS in rights and lifecycle.step_of(Right.ACCESS) in done:
            data = access_data(access.collect(*matter), service.policy, lang)
            content = build_access_package(data, controller, lang, now)
            made.append(MadePackage(Right.ACCESS, f"access-{dsr.reference}.zip", content))
        if Right.PORTABILITY in rights and lifecycle.step_of(Right.PORTABILITY) in done:
            taken = portability_data(portability.collect(*matter), service.policy, lang)
            content = build_portability_package(taken, controller, lang, now)
            made.append(MadePackage(Right.PORTABILITY, f"portability-{dsr.reference}.zip", content))
        if not made:
            raise InvalidTransition(
                f"request {dsr.reference} has no package: no access or portability of it was carried out"
            )
    return made


def write_packages(service: Service, reference: str, folder: Path, lang: str) -> list[Path]:
    """Write the packages of a request that was carried out into a folder, for their owner alone; returns where.

    Raises: NotFound; InvalidTransition when neither access nor portability of it was carried out; OSError.
    """
    made = make_packages(service, reference, lang)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [write_bytes(folder / one.name, one.content) for one in made]


def access_data(package: AccessPackage, policy: PolicySet, lang: str) -> AccessPackageData:
    """Put the answer to a request of access into the words of a document (Art. 15(1), R-15-1)."""
    foreseen = [DisclosedTo(one.id, one, (), (), package.received_on) for one in package.foreseen]
    return AccessPackageData(
        reference=package.reference,
        received_on=package.received_on,
        found=package.found,
        items=_items(package.items, policy, lang),
        store_labels=_labels(package.items, lang),
        purposes=tuple(_purpose(one, policy, lang) for one in package.purposes),
        recipients=(
            *(_recipient(one, policy, lang, one.last_on) for one in package.recipients),
            *(_recipient(one, policy, lang, None) for one in foreseen),
        ),
        sources=package.sources,
        retained=tuple(dict.fromkeys(retained_in_words(one, policy, lang) for one in package.retained)),
        automated=package.automated,
    )


def portability_data(package: PortabilityPackage, policy: PolicySet, lang: str) -> PortabilityData:
    """Put what a person takes along into the form of a document (Art. 20, R-20-2)."""
    card = _card(package.cards[0]) if package.cards else PersonCard()
    items, labels = _items(package.items, policy, lang), _labels(package.items, lang)
    return PortabilityData(package.reference, package.received_on, items, card, labels)


def _items(items: Iterable[DataItem], policy: PolicySet, lang: str) -> tuple[WordedItem, ...]:
    return tuple(
        WordedItem(
            store=item.store,
            ref=item.ref,
            field=item.field,
            label=field_label(item.store, item.field, lang, item.value),
            value=item.value,
            provenance=item.provenance.value,
            source=item.source or "",
            obtained_on=item.obtained_on,
            said=_said(item, policy, lang),
            technical=is_technical(item.field),
        )
        for item in sorted(items, key=lambda one: place_of(one.store))
    )


def _said(item: DataItem, policy: PolicySet, lang: str) -> str:
    """Return a value in words: what the policies name by its title there, a code by what it means."""
    named = last_part(item.field)
    if named == "purpose" and item.value in policy.purposes:
        return text_in(policy.purposes[item.value].title, lang)
    if named == "recipient" and item.value in policy.recipients:
        return text_in(policy.recipients[item.value].name, lang)
    if named in ("country", "billing_country"):
        return country_name(item.value, lang)
    return value_in_words(item.field, item.value, lang)


def _labels(items: Iterable[DataItem], lang: str) -> Mapping[str, str]:
    return {item.store: store_label(item.store, lang) for item in items}


def _class_said(data: str, policy: PolicySet, lang: str) -> str:
    text = text_in(policy.data_classes.get(data, {}), lang) or said(CATEGORIES, data, lang)
    return text[:1].lower() + text[1:]


def _purpose(one: AppliedPurpose, policy: PolicySet, lang: str) -> UsedPurpose:
    purpose = one.purpose
    return UsedPurpose(
        title=text_in(purpose.title, lang),
        basis=said(BASES, purpose.basis, lang),
        article=purpose.basis.article,
        categories=tuple(_class_said(data, policy, lang) for data in one.data),
        kept="; ".join(_kept(keeping, policy, lang, named=len(one.data) > 1) for keeping in one.keeping),
        legal_text=purpose.legal_text or "",
    )


def _kept(keeping: Keeping, policy: PolicySet, lang: str, *, named: bool) -> str:
    event = said(EVENTS, keeping.starts, lang)
    data = _class_said(keeping.data, policy, lang) + ("\u202f: " if lang == "fr" else ": ") if named else ""
    if keeping.period is None:
        return f"{data}{'jusqu’à' if lang == 'fr' else 'until'} {event}"
    after = "après" if lang == "fr" else "after"
    text = f" ({keeping.legal_text})" if keeping.legal_text else ""
    return f"{data}{period_in_words(keeping.period, lang)} {after} {event}{text}"


def _recipient(one: DisclosedTo, policy: PolicySet, lang: str, last_on: date | None) -> ToldRecipient:
    name = text_in(one.recipient.name, lang) if one.recipient else one.id
    country = one.recipient.country if one.recipient else ""
    foreseen = "destinataire prévu" if lang == "fr" else "foreseen recipient"
    what = ", ".join(_class_said(word, policy, lang) for word in one.categories)
    return ToldRecipient(name, country, what or foreseen, last_on)


def retained_in_words(one: Item, policy: PolicySet, lang: str) -> RetainedItem:
    """Put something that an erasure left into words: what it is, ground, article, end."""
    event = said(EVENTS, one.until_event, lang) if one.until_event else ""
    label = store_label(one.store, lang)
    if one.field not in ("", "*") and not is_technical(one.field):
        label = f"{label}, {field_label(one.store, one.field, lang).lower()}"
    return RetainedItem(label, ground_in_words(one.ground, policy, lang), one.article or "", one.until, event)


def ground_in_words(ground: str | None, policy: PolicySet, lang: str) -> str:
    """Put the ground of a verdict into words: the text of a law as it is, a purpose that goes on by its title."""
    found = still_needed(ground)
    if found is None:
        return ground or ""
    purpose = policy.purposes.get(found.purpose)
    title = text_in(purpose.title, lang) if purpose else found.purpose
    if lang == "fr":
        words = "motifs impérieux retenus pour" if found.compelling else "encore nécessaire pour"
        return f"{words} «\u202f{title}\u202f»"
    return f"{'compelling grounds recorded for' if found.compelling else 'still needed for'} “{title}”"


def _card(draft: ContactDraft) -> PersonCard:
    texts: Mapping[str, str] = draft.texts
    mails = tuple(point.value for point in draft.points if point.kind is PointKind.EMAIL)
    phones = tuple(point.value for point in draft.points if point.kind is not PointKind.EMAIL)
    named = ("first_name", "last_name", "job_title", "street", "city", "region", "postal_code", "country")
    return PersonCard(
        **{name: texts.get(name, "") for name in named},
        emails=mails,
        phones=phones,
        employer=texts.get("account_name", ""),
        birth_date=_day(texts.get("birth_date")),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file that its owner alone can read, at once or not at all; returns its path.

    Raises: OSError.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path
