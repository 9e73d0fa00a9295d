"""The record of processing activities, composed from the policies and the living map of data (Art. 30(1), R-30-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.columns import Category
from consentcore.personal_data.datamap import DataMap
from consentcore.policyset import Controller, LegalBasis, PolicySet, Purpose, Recipient, RetentionRule, Rule
from policies.tables import PolicyVersion
from registry.activities import OWN, ROWS_TOLD_APART, OwnActivity, subjects_of
from registry.countries import EEA
from registry.gaps import Gap, GapKind
from registry.measures import MEASURES, Measure
from registry.wording import EVENTS, said


@dataclass(frozen=True, slots=True)
class DataUse:
    """One class of data in one activity: what it consists of and when it goes (Art. 30(1)(c) and (f))."""

    data: str
    name: Mapping[str, str]
    categories: tuple[str, ...]
    """Keys of `consentcore.columns.Category`, in its order; empty where no column holds the class yet."""
    sensitive: bool
    """Whether any of it is of a special kind (Art. 9) or about offences (Art. 10)."""
    limits: tuple[RetentionRule, ...]
    criterion: Mapping[str, str]
    """By language, what ends the keeping where no rule does, such as the end of the contract."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One processing activity: one purpose on one basis (Art. 30(1)(b)-(f))."""

    id: str
    version: int | None
    """Version of the purpose in the policies; None for the module's own processing."""
    own: bool
    title: Mapping[str, str]
    description: Mapping[str, str]
    basis: LegalBasis
    legal_text: str | None
    notice: str | None
    channels: tuple[str, ...]
    subjects: tuple[str, ...]
    data: tuple[DataUse, ...]
    recipients: tuple[Recipient, ...]
    transfers: tuple[Recipient, ...]
    """Those of the recipients who are outside the European Economic Area (Art. 30(1)(e))."""


@dataclass(frozen=True, slots=True)
class RegisterView:
    """The register as it stands at one instant; everything drawn from it is a picture of this."""

    composed_at: datetime
    policy_sha256: str
    policy_version: str
    in_force_since: datetime | None
    """When these policies were put in force here; None while they were only read."""
    controller: Controller
    activities: tuple[Activity, ...]
    measures: tuple[Measure, ...]
    problems: tuple[str, ...]
    """The gaps as technical sentences."""
    gaps: tuple[Gap, ...] = ()


def compose(session: Session, policy: PolicySet, datamap: DataMap, now: datetime) -> RegisterView:
    """Compose the register: the purposes of the policies first, then what this module itself processes.

    Reads one row (when the policies were put in force) and writes nothing.
    """
    applied = session.scalar(select(PolicyVersion.applied_at).where(PolicyVersion.sha256 == policy.sha256))
    declared = [_activity(policy, datamap, purpose) for _, purpose in sorted(policy.purposes.items())]
    own = [_own_activity(policy, datamap, one) for one in OWN if one.id not in policy.purposes]
    activities = (*declared, *own)
    gaps = tuple(_gaps(policy, datamap, activities))
    return RegisterView(
        composed_at=ensure_utc(now),
        policy_sha256=policy.sha256,
        policy_version=policy.version,
        in_force_since=applied,
        controller=policy.controller,
        activities=activities,
        measures=MEASURES,
        problems=tuple(one.sentence for one in gaps),
        gaps=gaps,
    )


def _activity(policy: PolicySet, datamap: DataMap, purpose: Purpose) -> Activity:
    known = tuple(policy.recipients[one] for one in purpose.recipients if one in policy.recipients)
    return Activity(
        id=purpose.id,
        version=purpose.version,
        own=False,
        title=purpose.title,
        description=purpose.description,
        basis=purpose.basis,
        legal_text=purpose.legal_text,
        notice=purpose.notice,
        channels=tuple(sorted(purpose.channels)),
        subjects=subjects_of(purpose.data, customers_only=_is_for_customers(purpose)),
        data=tuple(_use(policy, datamap, name, purpose.id, _end_of(purpose.ends)) for name in sorted(purpose.data)),
        recipients=known,
        transfers=tuple(one for one in known if one.country not in EEA),
    )


def _is_for_customers(purpose: Purpose) -> bool:
    return purpose.rule is Rule.SOFT_OPT_IN or purpose.basis in (LegalBasis.CONTRACT, LegalBasis.LEGAL_OBLIGATION)


def _own_activity(policy: PolicySet, datamap: DataMap, own: OwnActivity) -> Activity:
    # only what this installation really has: a class is listed once its column or its rule exists
    mapped = {entry.retention for entry in datamap.fields}
    data = {name for name in own.data if name in mapped or policy.retention_for(name)}
    return Activity(
        id=own.id,
        version=None,
        own=True,
        title=own.title,
        description=own.description,
        basis=own.basis,
        legal_text=own.legal_text,
        notice=None,
        channels=(),
        subjects=subjects_of(data or own.data, customers_only=False),
        data=tuple(_use(policy, datamap, name, own.id, own.kept.get(name, {})) for name in sorted(data)),
        recipients=(),
        transfers=(),
    )


def _end_of(event: str | None) -> Mapping[str, str]:
    if event is None:
        return {}
    return {"fr": f"jusqu’à : {said(EVENTS, event, 'fr')}", "en": f"until {said(EVENTS, event, 'en')}"}


def _use(policy: PolicySet, datamap: DataMap, name: str, purpose: str, criterion: Mapping[str, str]) -> DataUse:
    declared = ROWS_TOLD_APART.get(name, name)
    fields = [entry for entry in datamap.fields if entry.retention in (name, declared)]
    limits = tuple(rule for rule in policy.retention_for(name) if rule.purpose in (None, purpose))
    return DataUse(
        data=name,
        name=policy.data_classes.get(name, {}),
        categories=tuple(one.value for one in Category if one in {entry.category for entry in fields}),
        sensitive=any(entry.sensitivity.value in ("special", "criminal") for entry in fields),
        limits=limits,
        criterion={} if limits else criterion,
    )


def _gaps(policy: PolicySet, datamap: DataMap, activities: Iterable[Activity]) -> Iterable[Gap]:
    covered = {use.data for activity in activities for use in activity.data}
    covered |= {ROWS_TOLD_APART.get(name, name) for name in covered}
    for name in sorted({entry.retention for entry in datamap.fields} - covered):
        tables = ", ".join(sorted({entry.table for entry in datamap.fields if entry.retention == name}))
        yield Gap(GapKind.NO_ACTIVITY, None, policy.data_classes.get(name, {}), name, where=tables)
    for activity in activities:
        yield from _gaps_of(policy, activity)


def _gaps_of(policy: PolicySet, activity: Activity) -> Iterable[Gap]:
    where = (activity.id, activity.title)
    if not activity.data and not activity.own:
        yield Gap(GapKind.NO_DATA, *where)
    for use in activity.data:
        if not use.limits and not use.criterion:
            yield Gap(GapKind.NO_LIMIT, *where, use.data, use.name)
    purpose = policy.purposes.get(activity.id)
    for one in purpose.recipients if purpose else ():
        if one not in policy.recipients:
            yield Gap(GapKind.UNKNOWN_RECIPIENT, *where, one)
    for recipient in activity.transfers:
        yield Gap(GapKind.NO_SAFEGUARD, *where, recipient.id, recipient.name, recipient.country)
