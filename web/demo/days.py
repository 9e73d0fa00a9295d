"""The demo's calendar: every date is told in days before the day on which it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from consentcore.clock import ensure_utc
from consentcore.policyset import PolicySet
from consentcore.requests.deadlines import due_dates

_LATEST, _EARLIEST = 20, 45


@dataclass(frozen=True, slots=True)
class Days:
    """Counts back from `now`, in the civil days of the controller's time zone."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day of loading."""
        return self.now.astimezone(self.zone).date()

    def on(self, ago: int) -> date:
        """Return the day that lies `ago` days back; a negative number lies ahead."""
        return self.today - timedelta(days=ago)

    def at(self, ago: int, clock: str, *, minutes: int = 0) -> datetime:
        """Return the instant at which clocks show `clock` on a past day; on this very day, `minutes` before now."""
        if ago == 0:
            return ensure_utc(self.now - timedelta(minutes=minutes))
        return ensure_utc(datetime.combine(self.on(ago), time.fromisoformat(clock), self.zone))

    def asked_for_an_answer_in(self, days: int, clock: str, policy: PolicySet) -> int:
        """Return how many days ago a request came in that is due in so many days; negative is overdue.

        Weekends and public holidays move deadlines, so it is the nearest such day on the same side of today.
        """

        def due_in(ago: int) -> int:
            return (due_dates(self.at(ago, clock), policy.controller.country, policy).due_on - self.today).days

        same_side = [ago for ago in range(_LATEST, _EARLIEST) if (due_in(ago) > 0) is (days > 0) and due_in(ago)]
        return min(same_side, key=lambda ago: abs(due_in(ago) - days))
