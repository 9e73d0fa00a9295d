"""Consents of another system as an import sees them: a claim without proof is taken over as unknown (R-7-7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from consentcore.consent.admission import erasures
from consentcore.consent.declarations import ENDING
from consentcore.consent.tables import ConsentRecord, ConsentState
from consentcore.consent.writing import Declared, write
from consentcore.crypto.keyring import Keyring
from consentcore.errors import ConfigurationError
from consentcore.importing.consent_cells import LINK, ConsentCells, OwnedConsent, Settled
from consentcore.importing.consent_claims import Claims
from consentcore.importing.entity import Written
from consentcore.importing.externals import known_rows
from consentcore.importing.faults import FaultKind, RowFault
from consentcore.importing.header import Header
from consentcore.importing.mapping import Mapping
from consentcore.importing.runs import Run
from consentcore.importing.targets import CONTACT
from consentcore.importing.values import fault_at
from consentcore.policyset import Channel
from consentcore.subjects.tables import ExternalId
from consentcore.suppression.entries import SuppressionReason, suppress_person

_CHUNK = 500
_DAY = timedelta(days=1)


class ConsentEntity:
    """How consents are imported; see `entity.Entity`. A run needs the policies: purposes and notices stand there.

    A record is never changed: a row whose declaration differs from the one that is here adds another record, and the
    external id names that one from then on.
    """

    erased = RowFault(FaultKind.ERASED, None, "the consent of this external id is kept here no longer")

    def cells(self, mapping: Mapping, header: Header, region: str) -> ConsentCells:
        """Return what reads the cells of one file."""
        return ConsentCells(mapping, header, region)

    def linked(
        self, session: Session, keyring: Keyring, run: Run, drafts: Sequence[OwnedConsent]
    ) -> list[OwnedConsent | RowFault]:
        """Find whose each declaration is and what it can be recorded as."""
        if run.policy is None:
            raise ConfigurationError("an import of consents needs the policies; prepare its run with them")
        owners = known_rows(session, keyring, run.mapping.system, CONTACT, sorted({one.contact for one in drafts}))
        erased = erasures(session, {one.subject_ref for one in owners.values()})
        claims = Claims(run.policy, run.mapping, run.source)
        latest = run.obtained_on + _DAY  # a day more: zones
        unknown = fault_at(
            FaultKind.UNKNOWN_CONTACT,
            run.mapping.fields[LINK],
            f"names no contact of {run.mapping.system} that is here; import the contacts first",
        )
        over = RowFault(FaultKind.ERASED, None, "this was declared before the person's data were erased here")
        ahead = fault_at(
            FaultKind.DATE, run.mapping.fields.get("at"), "this is later than the day on which the file was obtained"
        )

        def link(one: OwnedConsent) -> OwnedConsent | RowFault:
            owner = owners.get(one.contact)
            if owner is None:
                return unknown
            if one.at is not None and one.at.date() > latest:
                return ahead
            settled = claims.settle(one)
            if isinstance(settled, RowFault):
                return settled
            if owner.subject_ref in erased and settled.choice.state not in ENDING:
                until = erased[owner.subject_ref]
                if until is None or one.at is None or one.at <= until:
                    return over
            return replace(one, owner=owner.subject_ref, settled=settled)

        return [link(one) for one in drafts]

    def read(self, session: Session, _keyring: Keyring, row_ids: Sequence[UUID]) -> dict[UUID, OwnedConsent]:
        """Read records; what the source said of them lies sealed and is not opened."""
        found: dict[UUID, OwnedConsent] = {}
        for start in range(0, len(row_ids), _CHUNK):
            rows = session.scalars(
                select(ConsentRecord).where(ConsentRecord.id.in_(row_ids[start : start + _CHUNK]))
            ).all()
            found |= {row.id: _as_draft(row) for row in rows}
        return found

    def merger(self, run: Run) -> Callable[[OwnedConsent, OwnedConsent], OwnedConsent | RowFault | None]:
        """Return what tells whether a file says the same again; a consent never goes over to another one's place."""
        other_contact = fault_at(
            FaultKind.OTHER_CONTACT,
            run.mapping.fields[LINK],
            "names another contact than the one whose consent this is here; give it an id of its own",
        )
        other_matter = fault_at(
            FaultKind.OTHER_CONTACT,
            run.mapping.id_column,
            "stands for another purpose or channel here; give it an id of its own",
        )

        def merge(before: OwnedConsent, one: OwnedConsent) -> OwnedConsent | RowFault | None:
            if before.owner != one.owner:
                return other_contact
            if (before.purpose, before.channel) != (one.purpose, one.channel):
                return other_matter
            settled = one.settled
            if settled is None:
                return None
            now = (settled.choice.state.value, settled.evidence.method, settled.choice.notice.label)
            same_time = one.at is None or one.at == before.at
            return None if same_time and now == (before.said, before.method, before.notice) else one

        return merge

    def matches(
        self,
        _session: Session,
        _keyring: Keyring,
        _order: Sequence[tuple[OwnedConsent, bool]],
        _meet: Callable[[str], bool],
    ) -> int:
        """Return 0: a consent is like nobody."""
        return 0

    def open(self, session: Session, _keyring: Keyring, drafts: Sequence[OwnedConsent], now: datetime) -> list[Written]:
        """Record declarations; a withdrawal puts what the person is reached at on the opposition list (Art. 7(3))."""
        return _record(session, drafts, now)

    def replace(
        self,
        session: Session,
        _keyring: Keyring,
        changed: Sequence[tuple[Written, OwnedConsent]],
        now: datetime,
    ) -> None:
        """Record declarations that differ from what is here, and let their external ids name the new records."""
        done = _record(session, [one for _, one in changed], now)
        for (before, _), after in zip(changed, done, strict=True):
            session.execute(update(ExternalId).where(ExternalId.row_id == before.row_id).values(row_id=after.row_id))


def _as_draft(row: ConsentRecord) -> OwnedConsent:
    return OwnedConsent(
        purpose=row.purpose,
        channel=Channel(row.channel),
        said=row.state,
        at=row.at,
        method=row.method,
        notice=f"{row.notice_id}@{row.notice_version}/{row.notice_language}",
        owner=row.subject_ref,
    )


def _record(session: Session, drafts: Sequence[OwnedConsent], now: datetime) -> list[Written]:
    theirs = [(one.owner, one.settled) for one in drafts]
    sure = [(owner, _not_ahead(settled, now)) for owner, settled in theirs if owner is not None and settled is not None]
    if not sure:
        return []
    erased = erasures(session, {owner for owner, _ in sure})
    declared = [Declared(owner, one.choice, one.purpose, one.evidence) for owner, one in sure]
    done = write(session, declared, sure[0][1].policy, now, erased)
    for owner, one in sure:
        if one.choice.state is ConsentState.WITHDRAWN:
            since = one.choice.at or now
            suppress_person(session, owner, one.purpose.id, SuppressionReason.IMPORT, now, since=since)
    return [Written(recorded.record_id, owner) for recorded, (owner, _) in zip(done, sure, strict=True)]


def _not_ahead(settled: Settled, now: datetime) -> Settled:
    """Date what is written as later today at this moment: a source's clock or zone may be ahead of ours."""
    at = settled.choice.at
    return settled if at is None or at <= now else replace(settled, choice=replace(settled.choice, at=now))
