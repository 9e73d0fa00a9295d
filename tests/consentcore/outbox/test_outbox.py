"""A message is sealed until it is sent, sent once, and empty afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, NotFound
from consentcore.outbox import sending
from consentcore.outbox.put import MAX_BODY, Message, opened, put
from consentcore.outbox.tables import OutboxMessage

LETTER = Message("test", "camille@courriel.example", "Objet é", "Bonjour Camille", due_at=None)


def test_a_message_waits_sealed_and_leaves_nothing(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    with bound.begin() as session:
        one = put(session, keyring, LETTER, now)
        later = put(session, keyring, Message("test", "a@b.example", "s", "b", due_at=now + timedelta(hours=1)), now)
    with bound() as session:
        row = session.scalars(select(OutboxMessage).where(OutboxMessage.id == one)).one()
        assert row.content is not None and b"Camille" not in row.content and b"camille" not in row.content
        assert sending.due(session, now) == [one]
        assert sending.due(session, now + timedelta(hours=2)) == [one, later]
    with bound.begin() as session:
        claimed = sending.claim(session, one)
        assert claimed is not None
        message = opened(keyring, claimed)
        assert message is not None and (message.to, message.subject, message.body) == (
            LETTER.to, LETTER.subject, LETTER.body,
        )  # fmt: skip
        sending.sent(session, claimed, now)
    with bound() as session:
        row = session.scalars(select(OutboxMessage).where(OutboxMessage.id == one)).one()
        assert (row.content, row.sent_at, opened(keyring, row)) == (None, now, None)
        assert sending.claim(session, one) is None
        with pytest.raises(NotFound):
            sending.claim(session, uuid4())


def test_what_fails_is_tried_again_a_bounded_number_of_times(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    with bound.begin() as session:
        put(session, keyring, LETTER, now)
    at, tries = now, 0
    while True:
        with bound.begin() as session:
            waiting = sending.due(session, at)
            if not waiting:
                break
            row = sending.claim(session, waiting[0])
            assert row is not None
            sending.failed(session, row, at)
            assert at < row.due_at <= at + timedelta(hours=6)
            at, tries = row.due_at, tries + 1
    assert tries == sending.MAX_ATTEMPTS


@pytest.mark.parametrize(
    "message",
    [
        Message("t", "a@b.example\r\nBcc: c@d.example", "s", "b"),
        Message("t", "a@b.example", "s\nBcc: c@d.example", "b"),
        Message("t", "", "s", "b"),
        Message("t", "a@b.example", "s" * 255, "b"),
        Message("t", "a@b.example", "s", "b" * (MAX_BODY + 1)),
    ],
)
def test_headers_take_one_line(bound: sessionmaker[Session], keyring: Keyring, now: datetime, message: Message) -> None:
    with bound() as session, pytest.raises(BadInput):
        put(session, keyring, message, now)
