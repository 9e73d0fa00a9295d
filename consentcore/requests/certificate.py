"""The certificate of an erasure: what went, what stays and why, which keys were destroyed, signed and logged."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy.orm import Session

from consentcore.errors import NotFound
from consentcore.ledger.certificates import Certificate, certificate, issue
from consentcore.ledger.proofs import latest_checkpoint
from consentcore.requests.erasure_check import Findings
from consentcore.requests.erasure_steps import Work
from consentcore.requests.items import KEPT
from consentcore.requests.tables import ItemOutcome, SubjectRequest

KIND = "erasure"


def issue_for(work: Work, findings: Findings) -> Certificate:
    """Issue the certificate of an erasure that was carried out and checked; in the caller's unit.

    It names stores, grounds and counts, and the request's reference; nothing in it tells who the person was.
    Effects: a certificate, a leaf `certificate.issued`, the number on the request.
    """
    issued = issue(work.session, KIND, _body(work, findings), work.now)
    work.dsr.certificate = issued.number
    return issued


def of_request(session: Session, dsr: SubjectRequest) -> Certificate:
    """Return the certificate of a request that was executed.

    Raises: NotFound while there is none.
    """
    if dsr.certificate is None:
        raise NotFound(f"request {dsr.reference} has no certificate: only an erasure that was carried out has one")
    return certificate(session, dsr.certificate)


def _body(work: Work, findings: Findings) -> dict[str, Any]:
    before = latest_checkpoint(work.session)
    destroyed = sorted(
        {(stone.key_class.value, stone.key_check_value) for stone in work.keyring.tombstones(work.person)}
    )
    return {
        "reference": work.dsr.reference,
        "plan_sha256": work.dsr.plan_sha256,
        "policy_sha256": work.policy.sha256,
        "erased": _counts(work, frozenset({ItemOutcome.ERASED})),
        "kept": _kept(work),
        "keys_destroyed": [{"key_class": name, "key_check_value": value} for name, value in destroyed],
        "search_after": [{"store": store, "rows": count} for store, count in findings.rows],
        "log": {"size": before.size, "root": before.root.hex()} if before is not None else None,
    }


def _counts(work: Work, outcomes: frozenset[ItemOutcome]) -> list[dict[str, Any]]:
    counted = Counter(item.store for item in work.items if item.outcome in outcomes)
    return [{"store": store, "count": count} for store, count in sorted(counted.items())]


def _kept(work: Work) -> list[dict[str, Any]]:
    counted = Counter(
        (item.store, item.article or "", item.ground or "", str(item.until or ""), item.until_event or "")
        for item in work.items
        if item.outcome in KEPT
    )
    return [
        {"store": store, "article": article, "ground": ground, "until": until, "until_event": event, "count": count}
        for (store, article, ground, until, event), count in sorted(counted.items())
    ]
