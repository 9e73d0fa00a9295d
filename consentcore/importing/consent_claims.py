"""What the claim of another system is worth here: a yes stands with its notice, method and time, else it is unknown."""

from __future__ import annotations

import re
from types import MappingProxyType

from consentcore.consent.admission import purpose_of
from consentcore.consent.declarations import METHODS, Choice, Evidence
from consentcore.consent.tables import PERMITTING, ConsentState
from consentcore.errors import ConsentCoreError
from consentcore.importing.consent_cells import STATES, OwnedConsent, Settled
from consentcore.importing.faults import FaultKind, RowFault
from consentcore.importing.mapping import Mapping
from consentcore.importing.values import fault_at
from consentcore.policyset import Channel, Notice, PolicySet, Purpose

TAKEN_OVER = "import"
_NOTICE = re.compile(r"([a-z][a-z0-9_]{0,63})@([1-9][0-9]{0,5})(?:/([a-z]{2}))?")
_CONFIRMED_BY = "email_code"
_CONFIRMED = frozenset({"double_opt_in", "confirmed"})


class Claims:
    """Settles the claims of one file under the policies in force."""

    def __init__(self, policy: PolicySet, mapping: Mapping, source: str) -> None:
        self._policy = policy
        self._mapping = mapping
        self._source = source
        self._purposes: dict[tuple[str, Channel], tuple[Purpose, Notice] | RowFault] = {}

    def settle(self, one: OwnedConsent) -> Settled | RowFault:
        """Return what a declaration is recorded as; a fault where its purpose takes no consent over its channel.

        A yes that names no notice of its purpose kept here, no method known here or no time becomes `unknown`, and so
        does one that a purpose with double opt-in would not take; a no stays a no. What the source said goes along.
        Where the notice is not known, the record names the one in use: nothing is proven under it.
        """
        key = (one.purpose, one.channel)
        found = self._purposes.get(key)
        if found is None:
            found = self._purposes[key] = self._look_up(*key)
        if isinstance(found, RowFault):
            return found
        purpose, in_use = found
        state, notice = STATES[one.said], self._notice(purpose, one.notice)
        method = one.method.casefold() if one.method and one.method.casefold() in METHODS else None
        proven = notice is not None and method is not None and method != TAKEN_OVER and one.at is not None
        if state in PERMITTING and not (proven and self._confirmed(purpose, one, method)):
            state = ConsentState.UNKNOWN
        said = {"source": self._source, "state": one.said, "notice": one.notice, "method": one.method}
        evidence = Evidence(
            method if state is not ConsentState.UNKNOWN and method else TAKEN_OVER,
            details=MappingProxyType({name: text for name, text in said.items() if text}),
        )
        return Settled(
            Choice(purpose.id, one.channel, state, notice or in_use, one.at), purpose, evidence, self._policy
        )

    def _confirmed(self, purpose: Purpose, one: OwnedConsent, method: str | None) -> bool:
        return one.channel not in purpose.double_opt_in or method == _CONFIRMED_BY or one.said in _CONFIRMED

    def _look_up(self, purpose_id: str, channel: Channel) -> tuple[Purpose, Notice] | RowFault:
        column = self._mapping.fields.get("purpose")
        known = self._policy.purposes.get(purpose_id)
        if known is None or known.notice is None:
            return fault_at(FaultKind.WORD, column, "this is no purpose of the policies that has a notice")
        notice_id, _, version = known.notice.partition("@")
        try:
            notice = self._policy.notice(notice_id, int(version), self._policy.controller.languages[0])
            return purpose_of(Choice(purpose_id, channel, ConsentState.UNKNOWN, notice), self._policy), notice
        except ConsentCoreError as refused:
            return fault_at(FaultKind.WORD, column, str(refused))

    def _notice(self, purpose: Purpose, text: str | None) -> Notice | None:
        found = _NOTICE.fullmatch(text) if text else None
        if found is None or found[1] != purpose.notice_id:
            return None
        language = found[3] or self._policy.controller.languages[0]
        return self._policy.notices.get((found[1], int(found[2]), language))
