"""The due date of a request as an entry for a calendar (iCalendar, RFC 5545): a whole day, with no address in it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from consentcore.clock import ensure_utc

PRODUCT = "-//ConsentCore//portal//EN"


def due_date_file(reference: str, due_on: date, title: str, note: str, site: str, now: datetime) -> bytes:
    """Return a calendar with one entry on the due date; opened twice, a calendar has it once.

    `site` is the host that names the entry; `title` and `note` are in the person's language.
    """
    entry = Event()
    entry.add("uid", f"{reference.lower()}@{site}")
    entry.add("dtstamp", ensure_utc(now))
    entry.add("dtstart", due_on)
    entry.add("dtend", due_on + timedelta(days=1))
    entry.add("summary", title)
    entry.add("description", note)
    entry.add("transp", "TRANSPARENT")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    return bytes(calendar.to_ical())
