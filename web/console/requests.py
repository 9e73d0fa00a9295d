"""C2, the queue: every request, narrowed by filters that stand in the address, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, render_template, url_for
from sqlalchemy.orm import Session

from consentcore.requests.figures import courses, standings
from consentcore.requests.intake import IntakeChannel
from consentcore.requests.queue import Counts, Group, Line, Order, Page, counts, page_of
from consentcore.requests.tables import Right
from registry.documents.shown import csv_text
from web.console.person_signed_in import signed_in
from web.console.queue_charts import chart_of_courses, chart_of_rights
from web.console.queue_filters import ORDER_WORDS, VIEW_WORDS, VIEWS, Narrowed, read_filters
from web.console.queue_rows import horizon, in_full, person_of, rows_of
from web.console.request_words import (
    channel_in_words,
    clock_state,
    outcome_in_words,
    right_in_words,
    rights_in_words,
    status_in_words,
)
from web.security.permissions import Permission
from web.shell.language import gettext, local, today
from web.shell.language import gettext as _
from web.shell.wired import service
from web.transaction import reading

PAGES = Blueprint("requests", __name__, url_prefix="/requests")
A_YEAR = timedelta(days=365)
FILE_PAGE = 500


@dataclass(frozen=True, slots=True)
class View:
    """One saved view: a link with the number of requests that it shows."""

    text: str
    href: str
    number: int
    current: bool


@PAGES.get("/")
def page() -> str | tuple[str, int]:
    """Show the requests that the filters leave, fifty a page."""
    narrowed, span = read_filters(), horizon()
    wired = service()
    with reading(wired.sessions) as session:
        found = page_of(session, narrowed.filters, span, narrowed.number)
        if not found.lines and narrowed.number > 1:
            found = page_of(session, narrowed.filters, span)
        numbers = counts(session, span)
        shown = render_template(
            "requests.html",
            form=narrowed.form,
            errors=narrowed.form.errors,
            counts=numbers,
            soon_until=in_full(span.soon_until),
            views=_views(narrowed, numbers),
            group=narrowed.filters.group,
            narrowed=_is_narrowed(narrowed),
            title=gettext(VIEW_WORDS[narrowed.filters.group]),
            order=narrowed.filters.order.value,
            rows=rows_of(found.lines),
            found=found,
            ended=narrowed.filters.group is Group.CLOSED,
            pages=_pages(narrowed, found),
            export=url_for("requests.export", **narrowed.query()),  # type: ignore[arg-type]
            by_right=chart_of_rights(standings(session, span)),
            by_course=chart_of_courses(courses(session, wired.now() - A_YEAR)),
            may_enter=signed_in().may(Permission.REQUESTS_HANDLE),
            **_options(),
        )
    return (shown, 422) if narrowed.form.errors else shown


@PAGES.get("/export.csv")
def export() -> Response:
    """Give the requests that the filters leave as CSV: what the table shows, persons masked."""
    narrowed = read_filters()
    with reading(service().sessions) as session:
        text = csv_text([_header(), *(_cells(line) for line in _every_line(session, narrowed))])
    answer = Response(text, mimetype="text/csv")
    day = today().isoformat()
    answer.headers["Content-Disposition"] = f'attachment; filename="requests-{narrowed.filters.group.value}-{day}.csv"'
    return answer


def _every_line(session: Session, narrowed: Narrowed) -> Iterator[Line]:
    number = 1
    while True:
        found = page_of(session, narrowed.filters, horizon(), number, FILE_PAGE)
        yield from found.lines
        if number * FILE_PAGE >= found.total:
            return
        number += 1


def _header() -> list[str]:
    return [
        _("Reference"), _("Right"), _("Person"), _("Channel"), _("Received"), _("Due"), _("Clock"), _("Status"),
        _("Outcome"),
    ]  # fmt: skip


def _cells(line: Line) -> list[str]:
    dsr = line.dsr
    return [
        dsr.reference,
        rights_in_words(line.rights),
        person_of(line),
        channel_in_words(dsr.channel),
        local(dsr.received_at).isoformat(timespec="minutes"),
        dsr.due_on.isoformat(),
        clock_state(dsr, today())[1],
        status_in_words(dsr.status),
        outcome_in_words(dsr.outcome) if dsr.outcome else "",
    ]


def _options() -> dict[str, list[tuple[str, str]]]:
    return {
        "rights": [(one.value, right_in_words(one)) for one in Right],
        "channels": [(one.value, _capital(channel_in_words(one))) for one in IntakeChannel],
        "orders": [(one.value, gettext(ORDER_WORDS[one])) for one in Order],
    }


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _is_narrowed(narrowed: Narrowed) -> bool:
    one = narrowed.filters
    return any(part is not None for part in (one.right, one.channel, one.due_from, one.due_until))


def _views(narrowed: Narrowed, numbers: Counts) -> list[View]:
    """Return the saved views; a view that is empty and matters only when it is not is left out."""
    always = {Group.OPEN, Group.LATE, Group.SOON, Group.UNVERIFIED, Group.CLOSED, narrowed.filters.group}
    return [
        View(
            gettext(VIEW_WORDS[group]),
            url_for("requests.page", view=None if group is Group.OPEN else group.value),
            getattr(numbers, group.value),
            group is narrowed.filters.group,
        )
        for group in VIEWS
        if group in always or (group is not Group.RUNNING and getattr(numbers, group.value))
    ]


def _pages(narrowed: Narrowed, found: Page) -> dict[str, str | None]:
    def address(number: int) -> str | None:
        within = 1 <= number <= found.pages and number != found.number
        return url_for("requests.page", **narrowed.query(page=number)) if within else None  # type: ignore[arg-type]

    return {"before": address(found.number - 1), "after": address(found.number + 1)}
