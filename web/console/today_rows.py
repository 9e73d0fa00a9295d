"""What is to be done today, in order: each thing once, with one button, and none that the reader's role cannot press.

Late requests come first, then running clocks of breaches, plans that wait for the reader as second person, what is due
soon, identities to verify, executions that failed, mail that fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from consentcore.requests.queue import Assessment, Filters, Group, Horizon, Line, assessments, page_of
from consentcore.requests.tables import Status
from registry.tables import BreachRow
from web.console.next_step import ahead
from web.console.queue_rows import in_full, moved_note
from web.console.request_words import clock_state, rights_in_words, status_in_words
from web.console.today_state import OutboxState
from web.security import staff
from web.security.permissions import Permission
from web.security.staff import Staff
from web.shell.language import gettext as _
from web.shell.language import local, moment, ngettext, today
from web.shell.wired import service

EACH = 5
"""How many requests of one group stand alone; the rest is one line."""
MOST_PRIMARY = 2
BREACH_SHOWN = timedelta(days=7)
"""How long a breach stays here after its time to notify has run out."""
_MOST_APPROVALS = 50


@dataclass(frozen=True, slots=True)
class Todo:
    """One line: a chip, a title, a reason, one button."""

    kind: str
    chip: str
    title: str
    note: str
    button: str
    target: str
    href: str = ""
    symbol: str | None = None
    urgent: bool = False
    primary: bool = False


def todo(session: Session, me: Staff, horizon: Horizon, outbox: OutboxState, now: datetime) -> list[Todo]:
    """Return what is to be done, in order; at most two buttons are primary."""
    found = [*_lines(session, me, horizon, now), *_mail(outbox)]
    urgent = [place for place, one in enumerate(found) if one.urgent][:MOST_PRIMARY]
    return [replace(one, primary=place in urgent) for place, one in enumerate(found)]


def breaches_running(session: Session, now: datetime) -> list[BreachRow]:
    """Return breaches whose time to notify runs or has run out a short while ago, the nearest first."""
    query = select(BreachRow).where(BreachRow.notify_by > now - BREACH_SHOWN).order_by(BreachRow.notify_by)
    return list(session.scalars(query))


def _lines(session: Session, me: Staff, horizon: Horizon, now: datetime) -> Iterator[Todo]:
    cases = _Cases(session, me, horizon)
    yield from cases.of(Group.LATE)
    for breach in breaches_running(session, now):
        yield _breach(breach, now)
    if me.may(Permission.ERASURE_APPROVE):
        yield from cases.approvals()
    yield from cases.of(Group.SOON)
    if me.may(Permission.REQUESTS_HANDLE):
        yield from cases.of(Group.UNVERIFIED)
    yield from cases.of(Group.FAILED)


class _Cases:
    """Requests by group, each at most once."""

    def __init__(self, session: Session, me: Staff, horizon: Horizon) -> None:
        self.session, self.me, self.horizon = session, me, horizon
        self.seen: set[str] = set()
        self.names: Mapping[str, str] | None = None

    def of(self, group: Group) -> Iterator[Todo]:
        """Yield the requests of a group that did not come before, and one line for those that are too many."""
        page = page_of(self.session, Filters(group), self.horizon, size=EACH + len(self.seen))
        fresh = [line for line in page.lines if line.dsr.reference not in self.seen][:EACH]
        made = assessments(self.session, [line.dsr for line in fresh])
        for line in fresh:
            self.seen.add(line.dsr.reference)
            yield self._case(line, made.get(line.dsr.id))
        listed = sum(line.dsr.reference in self.seen for line in page.lines)
        if page.total > listed:
            yield _more(group, page.total - listed)

    def approvals(self) -> Iterator[Todo]:
        """Yield the plans that somebody else made and that wait for this reader."""
        page = page_of(self.session, Filters(Group.APPROVAL), self.horizon, size=_MOST_APPROVALS)
        fresh = [line for line in page.lines if line.dsr.reference not in self.seen]
        made = assessments(self.session, [line.dsr for line in fresh])
        for line in fresh:
            if not self._is_mine(made.get(line.dsr.id)):
                self.seen.add(line.dsr.reference)
                yield self._case(line, made.get(line.dsr.id))

    def _is_mine(self, made: Assessment | None) -> bool:
        return made is not None and self.me.email.casefold() in {one.casefold() for one in made.by}

    def _case(self, line: Line, made: Assessment | None) -> Todo:
        kind, chip = clock_state(line.dsr, today())
        page = url_for("request.page", reference=line.dsr.reference)
        may_approve = self.me.may(Permission.ERASURE_APPROVE) and not self._is_mine(made)
        waits = line.dsr.status == Status.ASSESSED and may_approve
        step = ahead(line.dsr, line.rights, line.done_steps, self.me).step
        return Todo(
            kind=kind,
            chip=chip,
            title=f"{rights_in_words(line.rights)} {line.dsr.reference}",
            note=self._note(line, made),
            button=_("Give my approval") if waits else step.label if step else _("Open the request"),
            target=page if step is None or step.post else step.href,
            href=page,
            urgent=kind == "late" or waits,
        )

    def _note(self, line: Line, made: Assessment | None) -> str:
        dsr = line.dsr
        if dsr.status == Status.ASSESSED and made is not None:
            who = [self._name(email) for email in sorted(made.by)]
            said = _(
                "Second approval awaited since %(day)s. Plan made by %(name)s.",
                day=in_full(local(made.at).date()),
                name=", ".join(who),
            )
        else:
            said = f"{status_in_words(dsr.status)}."
        moved, due = moved_note(dsr), _("Due %(day)s", day=in_full(dsr.due_on))
        return f"{said} {due} ({moved})." if moved else f"{said} {due}."

    def _name(self, email: str) -> str:
        if email.casefold() == self.me.email.casefold():
            return _("you")
        if self.names is None:
            everyone = staff.everyone(self.session, service().keyring)
            self.names = {one.email.casefold(): one.name for one in everyone}
        return self.names.get(email.casefold(), email)


def _more(group: Group, number: int) -> Todo:
    words = {
        Group.LATE: ngettext("One more is late", "%(num)s more are late", number),
        Group.SOON: ngettext("One more is due soon", "%(num)s more are due soon", number),
        Group.UNVERIFIED: ngettext("One more identity to verify", "%(num)s more identities to verify", number),
        Group.FAILED: ngettext("One more execution failed", "%(num)s more executions failed", number),
    }
    target = url_for("requests.page", view=group.value)
    return Todo("todo", "", words[group], _("In the list of requests."), _("See the list"), target, target)


def _breach(row: BreachRow, now: datetime) -> Todo:
    left = row.notify_by - now
    over = left <= timedelta(0)
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    times = {"aware": moment(row.aware_at), "end": moment(row.notify_by)}
    note = (
        _(
            "Aware since %(aware)s. The time to notify ended %(end)s: notify now, and give the reasons for the delay.",
            **times,
        )
        if over
        else _("Aware since %(aware)s. The authority is to be notified before %(end)s.", **times)
    )
    return Todo(
        kind="late",
        chip=_("time over") if over else _("%(hours)s h %(minutes)s left", hours=hours, minutes=f"{minutes:02d}"),
        title=_("Breach %(reference)s", reference=row.reference),
        note=note,
        button=_("See the log"),
        target=url_for("log.page"),
    )


def _mail(outbox: OutboxState) -> Iterator[Todo]:
    if outbox.failed:
        yield Todo(
            kind="down",
            chip=ngettext("one not sent", "%(num)s not sent", outbox.failed),
            title=_("Outgoing mail"),
            note=_("Sending failed; it is tried again after a pause that grows.")
            if not outbox.given_up
            else ngettext(
                "One message was tried for the last time and is not sent any more.",
                "%(num)s messages were tried for the last time and are not sent any more.",
                outbox.given_up,
            ),
            button=_("See the outgoing mail"),
            target="#h-out",
        )
