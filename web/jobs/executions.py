"""Executions that were asked for: each request that stands in `executing` is carried on to its end, wherever it was."""

from __future__ import annotations

import logging

from sqlalchemy import select

from consentcore.errors import ConsentCoreError
from consentcore.requests.tables import Status, SubjectRequest
from web.jobs.rights import carry_out
from web.transaction import reading
from web.wiring import Service

LOG = logging.getLogger("consentcore.jobs")
AT_ONCE = 20


def carry_on(service: Service) -> int:
    """Carry on what stands in `executing`, the nearest deadline first; returns how many were brought to an end.

    A face only moves a request there (`consentcore.requests.lifecycle.start`); what fails ends `errored` and waits for
    a person.
    """
    with reading(service.sessions) as session:
        waiting = session.scalars(
            select(SubjectRequest.reference)
            .where(SubjectRequest.status == Status.EXECUTING.value)
            .order_by(SubjectRequest.due_on)
            .limit(AT_ONCE)
        ).all()
    done = 0
    for reference in waiting:
        try:
            carry_out(service, reference)
            done += 1
        except ConsentCoreError as error:
            LOG.error("request=%s failed code=%s", reference, error.code)
    return done
