"""What decides on consent, said a second time in dictionaries: the tests hold the product against it, step by step.

Nothing here is taken from the code that it judges but the arithmetic of periods; the sources are the articles.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from consentcore.clock import add_period

PARIS, TERM = ZoneInfo("Europe/Paris"), "P3Y"  # of a consent, and of customers after the last sale: shipped policies
RULE = {"newsletter": "consent", "promotions": "consent", "similar_products": "sale", "satisfaction_survey": "interest"}
MATTERS = tuple(zip(RULE, ("email", "sms", "email", "email"), strict=True))
SURVEY = "satisfaction_survey"  # the one purpose of these that is no marketing
ALLOWING = {"consent_given", "soft_opt_in", "legitimate_interest"}
SILENT = {"consent_missing", "erased"}  # of a linked reference: never asked under it, or gone while the other lives
OF_STATE = {"given": "consent_given", "renewed": "consent_given", "refused": "consent_refused", "expired": "expired"}
OF_STATE |= {"withdrawn": "consent_withdrawn", "invalidated": "consent_invalidated"}
OF_STATE |= {"requested": "requested_unconfirmed", "unknown": "consent_unproven"}
Span = dict[str, Any]  # something that stands: `since`, `until` (None: it still does), and what it is about


def day(at: datetime) -> date:
    """Return the day in the controller's civil time."""
    return at.astimezone(PARIS).date()


def newest(spans: list[Span], at: datetime, **about: object) -> datetime | None:
    """Return since when the newest of the spans about something stands at an instant; None where none does."""
    mine = [one for one in spans if about.items() <= one.items() and one["since"] <= at]
    return max((one["since"] for one in mine if one["until"] is None or one["until"] > at), default=None)


class ConsentModel:
    """Everything that was ever said and done, and the answer to every question about it at any instant."""

    def __init__(self) -> None:
        self.born, self.erased = dict[Any, datetime](), dict[Any, datetime]()
        self.points, self.said = dict[Any, dict[str, str]](), list[dict[str, Any]]()
        self.objections, self.restrictions = list[Span](), list[Span]()
        self.links, self.listed = list[Span](), list[Span]()
        self.sold, self.shown = dict[Any, list[date]](), dict[Any, list[datetime]]()

    def open(self, person: Any, points: dict[str, str], now: datetime) -> None:
        """Know a person under a new reference; whoever has the same address is another until they are linked."""
        self.born[person], self.points[person] = now, dict(points)

    def say(self, person: Any, purpose: str, channel: str, state: str, at: datetime) -> None:
        """Declare something; the later date counts, of one date the later written (R-7-1)."""
        self.said.append({"person": person, "about": (purpose, channel), "state": state, "at": at})

    def stand(self, spans: list[Span], since: datetime, **about: object) -> None:
        """Let something stand from now on, unless the same stands already."""
        if not any(one["until"] is None and about.items() <= one.items() for one in spans):
            spans.append({"since": since, "until": None, **about})

    def end(self, spans: list[Span], now: datetime, **about: object) -> None:
        """End what stands about something."""
        for one in spans:
            if one["until"] is None and about.items() <= one.items():
                one["until"] = now

    def suppress(self, point: str, scope: str, since: datetime) -> None:
        """Put a point on the list; the newest date counts, an older entry speaks for the time before (Art. 21(3))."""
        known = newest(self.listed, datetime.max.replace(tzinfo=UTC), point=point, scope=scope)
        if known is None or known < since:
            self.end(self.listed, since, point=point, scope=scope)
            self.stand(self.listed, since, point=point, scope=scope)

    def move(self, person: Any, kind: str, point: str) -> None:
        """Change an address or number: what stood against the old one stands against the new one."""
        old = self.points[person].get(kind)
        for one in [one for one in self.listed if one["point"] == old and one["until"] is None]:
            self.suppress(point, one["scope"], one["since"])
        self.points[person][kind] = point

    def erase(self, person: Any, now: datetime) -> None:
        """Erase all of a person: an objection to every interest, the points on the list, then everything goes."""
        for purpose, rule in RULE.items():
            if rule != "consent":
                self.stand(self.objections, now, person=person, purpose=purpose)
        for point in self.points.pop(person).values():
            self.suppress(point, "marketing", now)
        self.points[person], self.erased[person] = {}, now

    def together(self, person: Any, at: datetime) -> list[Any]:
        """Return all references of a person, the one asked about first: the same as the same is the same."""
        group, wave = {person}, {person}
        while wave:
            links = [one for one in self.links if newest([one], at)]
            wave = {ref for one in links if set(one["pair"]) & wave for ref in one["pair"]} - group
            group |= wave
        return [person, *sorted(group - {person})]

    def decide(self, person: Any, purpose: str, channel: str, at: datetime) -> str:
        """Return the reason of the answer: a refusal under one reference stands for the person (R-7-1)."""
        about = (purpose, channel)  # a declaration may be older than the reference under which it was taken over
        known = [one for one in self.together(person, at) if self.born[one] <= at or self._newest(one, about, at)[0]]
        if person not in known:
            return "unknown_subject"
        chains = [self._chain(ref, purpose, channel, at) for ref in known]
        speaking = [chain for chain in chains if set(chain) - SILENT and chains[0][0] != "erased"] or chains[:1]
        return next((chain for chain in speaking if chain[0] not in ALLOWING), speaking[0])[0]

    def _chain(self, ref: Any, purpose: str, channel: str, at: datetime) -> list[str]:
        erased = ref in self.erased and self.erased[ref] <= at
        state, said_at, expired = self._newest(ref, (purpose, channel), at)
        if erased and OF_STATE.get(state or "") in ("consent_given", "requested_unconfirmed"):
            state = "erased"  # an erasure ends a consent; a no stays what it was (Art. 17(1)(b))
        consents = OF_STATE.get(state or "") == "consent_given"
        chain = ["erased"] if erased else []
        scopes = [purpose] if purpose == SURVEY else [purpose, "marketing"]
        entries = [newest(self.listed, at, point=p, scope=s) for p in self.points[ref].values() for s in scopes]
        for reason, since in (
            ("restricted", None if erased else newest(self.restrictions, at, person=ref)),
            ("objection", newest(self.objections, at, person=ref, purpose=purpose)),
            ("suppressed", max((one for one in entries if one), default=None)),
        ):
            if since is not None and not (consents and said_at > since):  # a later consent to this very purpose
                chain.append(reason)
        return chain + self._rule(ref, purpose, state, expired, at, not chain)

    def _rule(self, ref: Any, purpose: str, state: str | None, expired: bool, at: datetime, free: bool) -> list[str]:
        if RULE[purpose] == "interest":
            return ["legitimate_interest"] if free else []
        if RULE[purpose] == "consent":
            reason = OF_STATE.get(state, state) if state else "consent_missing"  # `erased` is said already
            reason = "expired" if reason == "consent_given" and expired else reason
            return [reason] if free or reason not in ALLOWING else []
        sales = [one for one in self.sold.get(ref, []) if one <= day(at)]
        if not sales:
            return ["no_sale"]
        offered = any(one <= at and day(one) <= max(sales) for one in self.shown.get(ref, []))
        over = add_period(datetime.combine(max(sales), time(), UTC), TERM).date() < day(at)
        chain = [*([] if offered else ["no_optout_evidence"]), *(["relation_over"] if over else [])]
        return chain or (["soft_opt_in"] if free else [])

    def _newest(self, ref: Any, about: tuple[str, str], at: datetime) -> tuple[str | None, datetime, bool]:
        mine = [one for one in self.said if one["person"] == ref and one["about"] == about and one["at"] <= at]
        if not mine:
            return None, at, False
        weight = {"unknown": 0, "requested": 1}  # neither speaks against what the person said (R-7-7, double opt-in)
        last = max(enumerate(mine), key=lambda pair: (weight.get(pair[1]["state"], 2), pair[1]["at"], pair[0]))[1]
        return last["state"], last["at"], add_period(last["at"], TERM) <= at
