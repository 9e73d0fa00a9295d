"""The log is cosigned, time-stamped and mailed as it grows; who does not answer holds nothing up and is asked again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest

from consentcore.ledger.checkpoint import open_checkpoint
from consentcore.ledger.cosigning import Cosigner, verify_cosignatures
from consentcore.ledger.events import Event, register
from consentcore.ledger.log import queue_many
from consentcore.ledger.proofs import SignedCheckpoint, latest_checkpoint
from consentcore.ledger.witnessed import cosignatures, standings, timestamps
from tests.builders.tsa import Desk, make_authority, serving
from web.jobs.deliver import deliver
from web.jobs.witnessing import Witnessing, witness_log
from web.transaction import reading, unit
from web.wiring import Service
from web.witness.client import Refused, Witness, ask
from web.witness.keptfile import read_checkpoint_file
from web.witness.memory import Folder, holding
from web.witness.post import NoAnswer
from web.witness.protocol import trusted_logs
from web.witness.server import WitnessServer

GREW = register("test.witnessed", "something happened that witnesses are told of")
MINUTE = timedelta(minutes=1)


def grow(wired: Service, leaves: int = 1) -> SignedCheckpoint:
    with unit(wired.sessions) as session:
        queue_many(session, [Event(type=GREW, at=wired.now()) for _ in range(leaves)])
    return newest(wired)


def newest(wired: Service) -> SignedCheckpoint:
    with reading(wired.sessions) as session:
        found = latest_checkpoint(session)
    assert found is not None
    return found


def at(wired: Service, moment: datetime) -> Service:
    return replace(wired, settings=replace(wired.settings, fixed_now=moment))


def later(wired: Service, by: timedelta) -> Service:
    return at(wired, wired.now() + by)


@contextmanager
def witness(folder: Folder, wired: Service) -> Iterator[Witness]:
    server = WitnessServer(folder, trusted_logs(wired.keyring.log_vkeys()), now=lambda: wired.now())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Witness(folder.cosigner.key, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[list[Folder]]:
    name = "witness.example"
    with holding(tmp_path / "one", f"{name}/one") as one, holding(tmp_path / "two", f"{name}/two") as two:
        yield [one, two]


@pytest.fixture
def witnessed(wired: Service, folders: list[Folder]) -> Iterator[Service]:
    with witness(folders[0], wired) as one, witness(folders[1], wired) as two:
        yield replace(wired, settings=replace(wired.settings, witnesses=(one, two)))


def sizes(wired: Service) -> list[tuple[str, int]]:
    with reading(wired.sessions) as session:
        return [(one.by.name, one.size) for one in cosignatures(session)]


def test_each_new_checkpoint_is_cosigned_at_most_once_a_minute(witnessed: Service, folders: list[Folder]) -> None:
    assert witness_log(witnessed) == Witnessing(0, 0)  # nothing there yet
    grow(witnessed, 3)
    assert witness_log(witnessed) == Witnessing(2, 0)
    grow(witnessed, 300)
    assert witness_log(witnessed) == Witnessing(0, 0)
    soon = later(witnessed, MINUTE)
    assert witness_log(soon) == Witnessing(2, 0)
    assert witness_log(later(soon, MINUTE)) == Witnessing(0, 0)  # it has not grown since
    assert sizes(witnessed) == [
        ("witness.example/one", 3),
        ("witness.example/two", 3),
        ("witness.example/one", 303),
        ("witness.example/two", 303),
    ]
    kept = folders[0].file(witnessed.keyring.log_signer().name).read_text("utf-8")
    assert open_checkpoint(kept, witnessed.keyring.log_vkeys()).root == newest(witnessed).root


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_witness_that_is_away_holds_nothing_up(wired: Service, folders: list[Folder]) -> None:
    with witness(folders[0], wired) as one, witness(folders[1], wired) as two:
        both = replace(wired, settings=replace(wired.settings, witnesses=(one, two)))
        grow(wired, 2)
        assert witness_log(both) == Witnessing(2, 0)
    with witness(folders[0], wired) as one:
        half = later(replace(wired, settings=replace(wired.settings, witnesses=(one, two))), MINUTE)
        grow(wired)
        assert witness_log(half) == Witnessing(1, 1)
        assert witness_log(half) == Witnessing(0, 0)  # its time has not come
        with reading(wired.sessions) as session:
            state = {one.name: one for one in standings(session)}
    name = f"witness {two.key.name}+{two.key.key_id.hex()}"
    assert (state[name].size, state[name].failures) == (2, 1)
    assert "127.0.0.1" not in (state[name].problem or "") and "reached" in (state[name].problem or "")
    grow(wired, 5)
    with witness(folders[1], wired) as back:
        again = later(replace(wired, settings=replace(wired.settings, witnesses=(back,))), 3 * MINUTE)
        assert witness_log(again) == Witnessing(1, 0)
    assert ("witness.example/two", 8) in sizes(wired)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_witness_that_knows_another_size_is_asked_from_there(wired: Service, folders: list[Folder]) -> None:
    with witness(folders[0], wired) as one:
        both = replace(wired, settings=replace(wired.settings, witnesses=(one,)))
        grow(wired, 4)
        witness_log(both)
        with unit(wired.sessions) as session:
            session.connection().exec_driver_sql("DELETE FROM cc_log_witness")
        grow(wired, 4)
        assert witness_log(both) == Witnessing(1, 0)
    assert [size for _, size in sizes(wired)] == [4, 8]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_log_that_was_rolled_back_or_forked_is_told(
    wired: Service, folders: list[Folder], caplog: pytest.LogCaptureFixture
) -> None:
    with witness(folders[0], wired) as one:
        watched = replace(wired, settings=replace(wired.settings, witnesses=(one,)))
        grow(wired, 4)
        witness_log(watched)
        for table in ("cc_log_event", "cc_log_leaf", "cc_log_witness"):
            with unit(wired.sessions) as session:
                session.connection().exec_driver_sql(f"DELETE FROM {table}")
        for leaves, words in ((2, "was the log rolled back"), (2, "another history of 4"), (2, "does not continue")):
            grow(wired, leaves)
            with unit(wired.sessions) as session:
                session.connection().exec_driver_sql("DELETE FROM cc_log_witness")
            assert witness_log(watched) == Witnessing(0, 1)
            with reading(wired.sessions) as session:
                (state,) = standings(session)
            assert words in (state.problem or "")
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 3
    assert [size for _, size in sizes(wired)] == [4]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_token_a_day_is_taken(wired: Service, tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "tsa")
    wired = at(wired, datetime.now(UTC))
    with serving(authority.reply) as desk:
        stamped = replace(wired, settings=replace(wired.settings, tsa=desk.url, tsa_ca=authority.ca))
        grow(wired, 2)
        assert witness_log(stamped) == Witnessing(1, 0)
        grow(wired)
        assert witness_log(later(stamped, timedelta(hours=23))) == Witnessing(0, 0)
        assert len(desk.asked) == 1
        with reading(wired.sessions) as session:
            (kept,) = timestamps(session)
        assert (kept.size, kept.tsa) == (2, "127.0.0.1")
        assert abs(kept.at - datetime.now(UTC)) < MINUTE
        desk.status = 503
        tomorrow = later(stamped, timedelta(hours=25))
        assert witness_log(tomorrow) == Witnessing(0, 1)
        assert witness_log(tomorrow) == Witnessing(0, 0)
        desk.status = 200
        assert witness_log(later(tomorrow, 2 * MINUTE)) == Witnessing(0, 1)  # the authority's clock is a day behind
    with reading(wired.sessions) as session:
        assert len(timestamps(session)) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_certificates_that_are_gone_are_a_failure_and_nothing_is_sent(wired: Service, tmp_path: Path) -> None:
    with serving(lambda query: query) as desk:
        stamped = replace(wired, settings=replace(wired.settings, tsa=desk.url, tsa_ca=tmp_path / "no.pem"))
        grow(wired)
        assert witness_log(stamped) == Witnessing(0, 1)
        assert desk.asked == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_checkpoint_is_mailed_once_a_day(wired: Service, tmp_path: Path) -> None:
    mailing = replace(wired, settings=replace(wired.settings, checkpoint_mail="dpo@courriel.example"))
    for expected in (Witnessing(1, 0), Witnessing(0, 0)):
        grow(wired, 2)
        assert witness_log(mailing) == expected
    assert witness_log(later(mailing, timedelta(days=1))) == Witnessing(1, 0)
    deliver(later(wired, timedelta(days=1)))
    files = sorted((tmp_path / "mail").glob("*.eml"))
    mails = [cast(EmailMessage, message_from_bytes(one.read_bytes(), policy=policy.default)) for one in files]
    assert len(mails) == 2 and {str(one["To"]) for one in mails} == {"dpo@courriel.example"}
    subject = "Journal des preuves : état à conserver / Log of proofs: a state to keep"
    assert {str(one["Subject"]) for one in mails} == {subject}
    text = mails[0].get_content()
    assert "journal des preuves (" in text and "log of proofs (" in text
    assert "Conservez-le" in text and "Keep it" in text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_settings_nothing_is_asked(wired: Service) -> None:
    grow(wired)
    assert witness_log(wired) == Witnessing(0, 0)
    with reading(wired.sessions) as session:
        assert standings(session) == []


ONE = Cosigner("witness.example/one", bytes(range(32)))
OTHER = Cosigner("witness.example/one", bytes(range(1, 33)))
BODY = "consentcore/log\n7\n" + "A" * 43 + "=\n"
CHECKPOINT = SignedCheckpoint(7, bytes(32), f"{BODY}\n— consentcore/log AAAA\n")
NOW = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)


def answer(desk: Desk, status: int, kind: str, text: str) -> None:
    desk.status, desk.kind, desk.reply = status, kind, lambda _body: text.encode()


def test_hostile_witnesses_are_no_witnesses() -> None:
    plain, size = "text/plain; charset=utf-8", "text/x.tlog.size"
    ours = ONE.cosign(BODY, NOW).line()
    with serving(lambda body: body, plain) as desk:
        asked = Witness(ONE.key, desk.url)
        for status, kind, text, words in (
            (200, plain, "", "does not hold|no cosignature"),
            (200, plain, OTHER.cosign(BODY, NOW).line(), "no cosignature of its key"),
            (200, plain, ONE.cosign(BODY.replace("7", "8"), NOW).line(), "does not hold"),
            (200, plain, ours + ours, "does not hold"),
            (200, plain, "no line\n", "does not hold"),
            (200, plain, ONE.cosign(BODY, NOW + timedelta(hours=1)).line(), "ahead"),
            (200, plain, "x" * 20_000, "longer"),
            (302, plain, "", "status 302"),
            (404, plain, "", "status 404"),
            (409, plain, "3\n", "status 409"),
            (409, size, "3", "which size"),
            (409, size, "-3\n", "which size"),
            (409, size, "٣\n", "which size"),
            (409, size, "3\n", "changes its mind"),
        ):
            answer(desk, status, kind, text)
            with pytest.raises(NoAnswer, match=words):
                ask(asked, CHECKPOINT, 0, lambda old: [bytes(32)], NOW)
        for status, kind, text, known, words in (
            (409, size, "9\n", 0, "rolled back"),
            (409, size, "7\n", 7, "another history"),
            (422, plain, "", 3, "does not continue"),
        ):
            answer(desk, status, kind, text)
            with pytest.raises(Refused, match=words):
                ask(asked, CHECKPOINT, known, lambda old: [bytes(32)], NOW)
        answer(desk, 200, plain, OTHER.cosign(BODY, NOW).line() + ours)
        assert ask(asked, CHECKPOINT, 3, lambda old: [bytes(32)], NOW).line() == ours
        path, body = desk.asked[-1]
        assert path == "/tsr/add-checkpoint"
        assert body.decode() == f"old 3\n{'A' * 43}=\n\n{CHECKPOINT.note}"


def test_the_mailed_note_carries_its_cosignatures(witnessed: Service) -> None:
    grow(witnessed, 2)
    witness_log(witnessed)
    mailing = replace(witnessed, settings=replace(witnessed.settings, checkpoint_mail="dpo@courriel.example"))
    assert witness_log(mailing) == Witnessing(1, 0)
    deliver(witnessed)
    (file,) = Path(witnessed.settings.mail.removeprefix("file:")).glob("*.eml")
    note = read_checkpoint_file(file)
    assert open_checkpoint(note, witnessed.keyring.log_vkeys()).size == 2
    assert len(verify_cosignatures(note, [one.key for one in witnessed.settings.witnesses])) == 2
