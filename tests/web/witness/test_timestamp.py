"""Time-stamp tokens: taken from an authority of OpenSSL's, checked, and refused for whatever may be wrong with them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from consentcore.errors import ConfigurationError, LedgerTampered
from consentcore.ledger.checkpoint import Checkpoint
from tests.builders.tsa import Authority, Desk, make_authority, serving
from web.witness import timestamp
from web.witness.post import NoAnswer
from web.witness.timestamp import check, check_unsigned, read_authorities, take

BODY = Checkpoint("consentcore/log", 7, bytes(range(32))).body().encode()
OTHER = Checkpoint("consentcore/log", 8, bytes(range(32))).body().encode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def desk(authority: Authority) -> Iterator[Desk]:
    with serving(authority.reply) as made:
        yield made


@pytest.fixture(autouse=True)
def as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "desk" in request.fixturenames:
        desk, authority = request.getfixturevalue("desk"), request.getfixturevalue("authority")
        desk.reply, desk.status, desk.kind, desk.headers = authority.reply, 200, "application/timestamp-reply", {}


@dataclass(frozen=True)
class Asked:
    query: bytes
    nonce: int


def question(body: bytes = BODY) -> Asked:
    made = TimestampRequestBuilder().data(body).hash_algorithm(HashAlgorithm.SHA256).build()
    assert made.nonce is not None
    return Asked(made.as_bytes(), made.nonce)


def test_a_token_is_taken_and_checked(authority: Authority, desk: Desk) -> None:
    ca = read_authorities(authority.ca)
    token = take(desk.url, BODY, ca, datetime.now(UTC))
    assert abs(token.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert check(token.response, BODY, ca) == token == check_unsigned(token.response, BODY)
    path, query = desk.asked[-1]
    assert path == "/tsr" and query[:1] == b"\x30"
    with pytest.raises(LedgerTampered, match="another text"):
        check(token.response, OTHER, ca)
    with pytest.raises(LedgerTampered, match="another text"):
        check_unsigned(token.response, OTHER)


def test_the_openssl_command_reads_the_token_that_is_kept(authority: Authority, desk: Desk, tmp_path: Path) -> None:
    import subprocess

    token = take(desk.url, BODY, read_authorities(authority.ca), datetime.now(UTC))
    (tmp_path / "token.tsr").write_bytes(token.response)
    (tmp_path / "body").write_bytes(BODY)
    command = ["openssl", "ts", "-verify", "-in", "token.tsr", "-data", "body", "-CAfile", str(authority.ca)]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert "Verification: OK" in shown.stdout + shown.stderr


def test_another_authoritys_token_is_refused(authority: Authority, tmp_path: Path) -> None:
    other = make_authority(tmp_path / "other")
    response = other.reply(question().query)
    assert check(response, BODY, read_authorities(other.ca))
    with pytest.raises(LedgerTampered, match="does not hold"):
        check(response, BODY, read_authorities(authority.ca))


@pytest.mark.parametrize("ends", [timedelta(days=-1)])
def test_a_certificate_that_had_ended_is_refused(tmp_path: Path, ends: timedelta) -> None:
    ended = make_authority(tmp_path, ends=ends)
    with pytest.raises(LedgerTampered, match="does not hold"):
        check(ended.reply(question().query), BODY, read_authorities(ended.ca))


def test_a_nonce_of_another_question_is_refused(authority: Authority) -> None:
    asked, ca = question(), read_authorities(authority.ca)
    response = authority.reply(asked.query)
    assert check(response, BODY, ca, nonce=asked.nonce)
    with pytest.raises(LedgerTampered, match="nonce"):
        check(response, BODY, ca, nonce=asked.nonce + 1)


def test_an_old_token_replayed_by_a_host_is_refused(authority: Authority, desk: Desk) -> None:
    old = authority.reply(question().query)
    desk.reply = lambda _query: old
    with pytest.raises(LedgerTampered, match="nonce"):
        take(desk.url, BODY, read_authorities(authority.ca), datetime.now(UTC))


def test_every_cut_and_every_changed_byte_is_refused(authority: Authority) -> None:
    """Whatever is read differently must not pass; what lies outside every signature must not crash."""
    ca = read_authorities(authority.ca)
    response = authority.reply(question().query)
    whole = check(response, BODY, ca)
    for end in range(0, len(response), 37):
        with pytest.raises(LedgerTampered):
            check(response[:end], BODY, ca)
    passed = 0
    for at in range(len(response)):
        changed = response[:at] + bytes([response[at] ^ 0x01]) + response[at + 1 :]
        try:
            found = check(changed, BODY, ca)
        except LedgerTampered:
            continue
        assert found.at == whole.at
        passed += 1
    assert passed < len(response) // 2  # certificates that ride along, and words of the status


def test_a_granted_status_is_wanted(authority: Authority) -> None:
    bad = TimestampRequestBuilder().data(BODY).hash_algorithm(HashAlgorithm.SHA512).build().as_bytes()
    response = authority.reply(bad)
    with pytest.raises(LedgerTampered, match="another text"):  # of another kind of hash
        check(response, BODY, read_authorities(authority.ca))
    refused = authority.reply(b"\x30\x03\x02\x01\x01")
    with pytest.raises(LedgerTampered, match="no granted"):
        check(refused, BODY, read_authorities(authority.ca))


@pytest.mark.parametrize(
    ("status", "kind", "data", "reason"),
    [
        (500, "application/timestamp-reply", b"", "status 500"),
        (302, "application/timestamp-reply", b"", "status 302"),
        (200, "text/html", b"<p>", "something else"),
        (200, "", b"", "something else"),
        (200, "application/timestamp-reply", bytes(timestamp.MAX_TOKEN + 1), "longer"),
    ],
)
def test_what_no_authority_says_is_no_answer(
    authority: Authority, desk: Desk, status: int, kind: str, data: bytes, reason: str
) -> None:
    asked = len(desk.asked)
    desk.status, desk.kind, desk.reply = status, kind, lambda _query: data
    desk.headers = {"Location": "http://192.0.2.1/"} if status == 302 else {}
    with pytest.raises(NoAnswer, match=reason):
        take(desk.url, BODY, read_authorities(authority.ca), datetime.now(UTC))
    assert len(desk.asked) == asked + 1  # a redirect is not followed


def test_what_is_no_token_is_refused(authority: Authority, desk: Desk) -> None:
    for data in (b"", b"\x30\x80", b"x" * 500, base64.b64encode(authority.reply(question().query))):
        desk.reply = lambda _query, data=data: data
        with pytest.raises(LedgerTampered):
            take(desk.url, BODY, read_authorities(authority.ca), datetime.now(UTC))


def test_an_answer_that_breaks_off_is_none(authority: Authority, desk: Desk) -> None:
    desk.headers = {"Content-Length": "20000"}
    with pytest.raises(NoAnswer):
        take(desk.url, BODY, read_authorities(authority.ca), datetime.now(UTC))


def test_a_clock_far_from_ours_is_not_believed(authority: Authority, desk: Desk) -> None:
    with pytest.raises(NoAnswer, match="clock"):
        take(desk.url, BODY, read_authorities(authority.ca), datetime.now(UTC) - timedelta(hours=1))


def test_nobody_there_is_no_answer(authority: Authority) -> None:
    with serving(authority.reply) as gone:
        url = gone.url
    with pytest.raises(NoAnswer, match="reached"):
        take(url, BODY, read_authorities(authority.ca), datetime.now(UTC))


def test_certificates_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "text.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for name in ("empty.pem", "text.pem", "nothing.pem"):
        with pytest.raises(ConfigurationError, match="TSA_CA"):
            read_authorities(tmp_path / name)
    assert timestamp.MAX_TOKEN > 8_000


PUBLISHED = b"hello"


def test_published_tokens_are_read_as_their_authors_say(data_dir: Path) -> None:
    folder = data_dir / "vectors" / "rfc3161" / "sigstage"
    ca = read_authorities(folder / "ts_chain.pem")
    good, bad = ((folder / name).read_bytes() for name in ("response-sha256.tsr", "response-invalid-signature.tsr"))
    assert check(good, PUBLISHED, ca).at == datetime(2025, 5, 9, 11, 58, 55, tzinfo=UTC)
    with pytest.raises(LedgerTampered, match="does not hold"):
        check(bad, PUBLISHED, ca)
    with pytest.raises(LedgerTampered, match="another text"):
        check(good, b"hello!", ca)
    with pytest.raises(LedgerTampered, match="does not hold"):
        check(good, PUBLISHED, read_authorities(folder.parent / "test_tsa" / "ts_chain.pem"))


def test_published_tokens_of_another_hash_are_refused(data_dir: Path) -> None:
    """This log asks for SHA-256 alone; a token of another kind is of another question, whoever signed it."""
    folder = data_dir / "vectors" / "rfc3161"
    ca = read_authorities(folder / "test_tsa" / "ts_chain.pem")
    for name in ("test_tsa/response.tsr", "test_tsa/other_response.tsr", "test_tsa/response-injected-certs.tsr"):
        response = (folder / name).read_bytes()
        assert decode_timestamp_response(response).status == 0
        with pytest.raises(LedgerTampered):
            check(response, PUBLISHED, ca)
    with pytest.raises(LedgerTampered):
        check((folder / "identrust" / "issue-104.tsr").read_bytes(), PUBLISHED, ca)
