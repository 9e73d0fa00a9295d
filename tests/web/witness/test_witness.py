"""A witness keeps to C2SP tlog-witness: each status as the text says, nothing forgotten, no second history cosigned."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentcore.crypto.signing import Signer
from consentcore.errors import BadInput, ConfigurationError, IntegrityFailure
from consentcore.ledger import merkle
from consentcore.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from consentcore.ledger.cosigning import parse_witness_key, verify_cosignatures
from consentcore.ledger.note import sign_note
from web.witness import memory
from web.witness.memory import KEY, Folder, holding, read_vkey
from web.witness.protocol import MOST_BYTES, Reply, add_checkpoint, parse_submission, trusted_logs
from web.witness.server import WitnessServer

NOW = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
LOG = Signer("example.org/log", bytes(32))
STRANGER = Signer("example.org/stranger", bytes(range(32)))
LOGS = trusted_logs([LOG.vkey])
LEAVES = [sha256(bytes([number])).digest() for number in range(40)]
FORKED = [*LEAVES[:5], *(sha256(b"other" + bytes([number])).digest() for number in range(35))]


def root(size: int, leaves: list[bytes] = LEAVES) -> bytes:
    return merkle.root_of(leaves[:size])


def consistency(old: int, new: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    """The proof of RFC 9162, 2.1.4.1, by its recursive words."""

    def subproof(m: int, part: list[bytes], whole: bool) -> list[bytes]:
        if m == len(part):
            return [] if whole else [merkle.root_of(part)]
        k = merkle.split(len(part))
        if m <= k:
            return [*subproof(m, part[:k], whole), merkle.root_of(part[k:])]
        return [*subproof(m - k, part[k:], False), merkle.root_of(part[:k])]

    return subproof(old, leaves[:new], True) if 0 < old < new else []


def note(size: int, leaves: list[bytes] = LEAVES, signer: Signer = LOG, origin: str | None = None) -> str:
    return sign_checkpoint(Checkpoint(origin or signer.name, size, root(size, leaves)), [signer])


def request(old: int, size: int, leaves: list[bytes] = LEAVES, proof: list[bytes] | None = None) -> bytes:
    made = consistency(old, size, leaves) if proof is None else proof
    lines = [f"old {old}", *(base64.b64encode(node).decode() for node in made)]
    return ("\n".join(lines) + "\n\n" + note(size, leaves)).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with holding(tmp_path / "witness", "witness.example/one") as made:
        yield made


def send(folder: Folder, data: bytes) -> Reply:
    return add_checkpoint(data, LOGS, folder, folder.cosigner, NOW)


def test_a_log_is_followed_from_its_first_checkpoint_on(folder: Folder) -> None:
    before = 0
    for size in (1, 3, 3, 8, 21, 40):
        reply = send(folder, request(before, size))
        assert (reply.status, reply.kind) == (200, "text/plain; charset=utf-8"), reply.text
        (given_one,) = verify_cosignatures(note(size) + reply.text, [folder.cosigner.key])
        assert given_one.at == NOW and reply.text.startswith("— ") and reply.text.endswith("\n")
        seen = folder.latest(LOG.name)
        assert seen is not None and (seen.size, seen.root) == (size, root(size))
        before = size
    kept = folder.file(LOG.name).read_text("utf-8")
    assert open_checkpoint(kept, [LOG.vkey]).size == 40
    assert len(verify_cosignatures(kept, [folder.cosigner.key])) == 1


@pytest.mark.parametrize("old", [0, 1, 4, 6, 8])
def test_another_old_size_is_told_the_right_one(folder: Folder, old: int) -> None:
    assert send(folder, request(0, 5)).status == 200
    assert send(folder, request(old, 8)) == Reply(409, "text/x.tlog.size", "5\n")


def test_a_fork_of_the_same_size_is_refused_and_kept_as_proof(folder: Folder) -> None:
    assert send(folder, request(0, 8)).status == 200
    assert send(folder, request(8, 8, FORKED)) == Reply(409, "text/x.tlog.size", "8\n")
    assert root(8) == (folder.latest(LOG.name) or pytest.fail()).root
    (proof,) = folder.path.glob("contradiction-*.txt")
    assert open_checkpoint(proof.read_text("utf-8"), [LOG.vkey]).root == root(8, FORKED)


def test_a_longer_fork_is_refused(folder: Folder) -> None:
    assert send(folder, request(0, 8)).status == 200
    for proof in (consistency(8, 20, FORKED), consistency(8, 20), [], [bytes(32)] * 63):
        assert send(folder, request(8, 20, FORKED, proof)).status == 422
    assert send(folder, request(8, 20)).status == 200


def test_a_rollback_is_refused(folder: Folder) -> None:
    assert send(folder, request(0, 8)).status == 200
    assert send(folder, request(8, 5)).status == 400
    assert send(folder, request(0, 5)) == Reply(409, "text/x.tlog.size", "8\n")
    assert send(folder, request(5, 5)) == Reply(409, "text/x.tlog.size", "8\n")


def test_a_proof_from_nothing_is_empty(folder: Folder) -> None:
    assert send(folder, request(0, 8, proof=[bytes(32)])).status == 422
    assert folder.latest(LOG.name) is None


def test_the_empty_log_has_one_root(folder: Folder) -> None:
    false = sign_checkpoint(Checkpoint(LOG.name, 0, bytes(32)), [LOG])
    assert send(folder, f"old 0\n\n{false}".encode()).status == 409
    assert send(folder, request(0, 0)).status == 200
    assert send(folder, request(0, 3)).status == 200


def test_unknown_logs_and_unsigned_checkpoints(folder: Folder) -> None:
    stranger = note(3, signer=STRANGER)
    assert send(folder, f"old 0\n\n{stranger}".encode()).status == 404
    forged = sign_note(Checkpoint(LOG.name, 3, root(3)).body(), [STRANGER])
    assert send(folder, f"old 0\n\n{forged}".encode()).status == 403
    same_name = note(3, signer=Signer(LOG.name, bytes(range(32))))
    assert send(folder, f"old 0\n\n{same_name}".encode()).status == 403
    both = note(3) + forged.rpartition("\n\n")[2]
    assert send(folder, f"old 0\n\n{both}".encode()).status == 200  # lines of unknown keys are ignored


def test_lines_that_others_add_are_not_kept(folder: Folder) -> None:
    """A note with all the lines that it may have leaves no room for ours: what is kept must stay readable."""
    line = sign_note("x\n", [STRANGER]).rpartition("\n\n")[2]
    assert send(folder, f"old 0\n\n{note(3)}{line * 15}".encode()).status == 200
    assert send(folder, request(3, 8)).status == 200
    assert STRANGER.name not in folder.file(LOG.name).read_text("utf-8")


def test_extension_lines_are_cosigned_as_they_stand(folder: Folder) -> None:
    body = Checkpoint(LOG.name, 3, root(3)).body() + "an extension\n"
    signed = sign_note(body, [LOG])
    reply = send(folder, f"old 0\n\n{signed}".encode())
    assert reply.status == 200
    assert verify_cosignatures(signed + reply.text, [folder.cosigner.key])
    assert send(folder, request(3, 8)).status == 200


GOOD = request(3, 8).decode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 0",
        b"old 0\n\n",
        b"\xff\xfe",
        GOOD.replace("old 3", "old 03").encode(),
        GOOD.replace("old 3", "old -3").encode(),
        GOOD.replace("old 3", "old  3").encode(),
        GOOD.replace("old 3", "Old 3").encode(),
        GOOD.replace("old 3", "old 3 ").encode(),
        GOOD.replace("old 3", "old 99999999999999999999").encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n\n", "\n", 1).encode(),
        GOOD.replace("\n8\n", "\n08\n").encode(),
        GOOD.replace("old 3\n", "old 3\nAAAA\n").encode(),
        GOOD.replace("old 3\n", "old 3\n!\n").encode(),
        GOOD[:-1].encode(),
        (GOOD + "x").encode(),
        request(3, 8, proof=[bytes(32)] * 64),
        b"old 0\n\n" + b"x" * MOST_BYTES,
    ],
)
def test_what_is_no_request_is_400(folder: Folder, data: bytes) -> None:
    assert send(folder, data).status == 400
    assert not list(folder.path.glob("*.checkpoint"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"old 0\n\n{text}".encode()))
def test_any_bytes_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(BadInput):
        parse_submission(data)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.booleans()), max_size=25))
def test_whatever_is_sent_only_one_history_is_cosigned(steps: list[tuple[int, int, bool]]) -> None:
    """A property over any order of requests: sizes never shrink, and all that was cosigned is one history."""

    class Remembered:
        def __init__(self) -> None:
            self.cosigned: list[Checkpoint] = []

        def latest(self, origin: str) -> object:
            from web.witness.protocol import Seen

            return Seen(self.cosigned[-1].size, self.cosigned[-1].root) if self.cosigned else None

        def keep(self, origin: str, note: str) -> None:
            self.cosigned.append(open_checkpoint(note, [LOG.vkey]))

        def note_contradiction(self, note: str) -> None:
            return

    from consentcore.ledger.cosigning import Cosigner

    kept, cosigner = Remembered(), Cosigner("w", bytes(32))
    for old, size, forked in steps:
        add_checkpoint(request(old, size, FORKED if forked else LEAVES), LOGS, kept, cosigner, NOW)  # type: ignore[arg-type]
    sizes = [one.size for one in kept.cosigned]
    assert sizes == sorted(sizes)
    assert all(one.root == root(one.size) for one in kept.cosigned) or all(
        one.root == root(one.size, FORKED) for one in kept.cosigned
    )


def test_memory_outlives_the_process_and_is_never_trusted_blindly(tmp_path: Path) -> None:
    path = tmp_path / "w"
    with holding(path) as first:
        vkey = first.cosigner.vkey
        assert send(first, request(0, 8)).status == 200
        file = first.file(LOG.name)
    with holding(path) as again:
        assert again.cosigner.vkey == vkey == read_vkey(path)
        assert send(again, request(0, 5)).status == 409
        whole = file.read_text("utf-8")
        for changed in (whole.replace("\n8\n", "\n5\n"), "", whole[: len(whole) // 2], note(5)):
            file.write_text(changed)
            with pytest.raises(IntegrityFailure, match="memory"):
                send(again, request(5, 9))
    assert oct((path / KEY).stat().st_mode & 0o777) == "0o600"


def test_a_folder_has_one_witness_at_a_time_and_one_name(tmp_path: Path) -> None:
    with holding(tmp_path / "w", "witness.example/one"):
        with pytest.raises(ConfigurationError, match="one writer"), holding(tmp_path / "w"):
            pytest.fail("two hold it")
        assert parse_witness_key(read_vkey(tmp_path / "w")).name == "witness.example/one"
    with pytest.raises(ConfigurationError, match="for good"):
        read_vkey(tmp_path / "w", "witness.example/two")
    (tmp_path / "w" / KEY).unlink()
    (tmp_path / "w" / "x.checkpoint").write_text("")
    with pytest.raises(ConfigurationError, match="no whole witness"):
        read_vkey(tmp_path / "w")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"name": "a", "seed": "AAAA"}', '{"name": 5, "seed": "!"}'])
def test_a_key_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / KEY).write_text(text)
    with pytest.raises(ConfigurationError):
        read_vkey(tmp_path)


def test_it_is_on_disk_before_it_is_answered(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails is answered with 500 and no cosignature."""

    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory, "write_atomically", full)
    with running(folder) as (port, _):
        status, _, text = call(port, request(0, 8))
    assert status == 500 and "—" not in text


def test_synced_before_kept(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = memory._sync_folder

    def sync(path: Path) -> None:
        synced.append(folder.file(LOG.name).read_text("utf-8"))
        real(path)

    monkeypatch.setattr(memory, "_sync_folder", sync)
    assert send(folder, request(0, 8)).status == 200
    assert synced == [folder.file(LOG.name).read_text("utf-8")]


@contextmanager
def running(folder: Folder) -> Iterator[tuple[int, WitnessServer]]:
    server = WitnessServer(folder, LOGS, now=lambda: NOW)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port, server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def call(port: int, body: bytes, path: str = "/add-checkpoint", method: str = "POST") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def test_over_http(folder: Folder) -> None:
    with running(folder) as (port, server):
        assert server.server_address[0] == "127.0.0.1"
        status, kind, text = call(port, request(0, 8))
        assert (status, kind) == (200, "text/plain; charset=utf-8")
        assert verify_cosignatures(note(8) + text, [folder.cosigner.key])
        assert call(port, request(0, 9)) == (409, "text/x.tlog.size", "8\n")
        assert call(port, request(8, 9), "/")[0] == 404
        assert call(port, b"", method="GET")[0] == 501
        assert call(port, b"x" * (MOST_BYTES + 1))[0] == 413
        assert call(port, b"x")[0] == 400


def test_one_connection_carries_several_requests(folder: Folder) -> None:
    with running(folder) as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for old, size in ((0, 3), (3, 8), (8, 20)):
            connection.request("POST", "/add-checkpoint", request(old, size))
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (200, True)
        connection.close()


@pytest.mark.parametrize("length", ["", "x", "-5", "9" * 30, "١"])
def test_lengths_that_mean_nothing_are_refused(folder: Folder, length: str) -> None:
    with running(folder) as (port, _), socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        head = f"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(100).split()[1] in (b"411", b"413")


def test_concurrent_requests_never_roll_back(folder: Folder) -> None:
    """Many senders at once: each answer of 200 continues the one before, as the last one on disk shows."""
    answers: list[tuple[int, int]] = []

    def sender(size: int) -> None:
        old = 0
        for _ in range(40):
            status, _, text = call(port, request(old, size))
            if status == 409:
                old = int(text)
                if old >= size:
                    return
            else:
                answers.append((status, size))
                return

    with running(folder) as (port, _):
        threads = [threading.Thread(target=sender, args=(size,)) for size in (1, 5, 9, 14, 22, 31, 40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {status for status, _ in answers} == {200}
    assert (folder.latest(LOG.name) or pytest.fail()).size == 40 == max(size for _, size in answers)


def test_keys_of_logs_are_sorted_by_name() -> None:
    renewed = Signer(LOG.name, bytes(range(32)))
    assert trusted_logs([LOG.vkey, "# ours", "", renewed.vkey, STRANGER.vkey]) == {
        LOG.name: (LOG.vkey, renewed.vkey),
        STRANGER.name: (STRANGER.vkey,),
    }
    for lines in ([], ["#"], ["x"], [json.dumps({})]):
        with pytest.raises(BadInput):
            trusted_logs(lines)
