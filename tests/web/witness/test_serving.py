"""The witness as a process of its own: killed at any moment, it has forgotten nothing that it answered."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from consentcore.ledger.cosigning import parse_witness_key, verify_cosignatures
from tests.web.witness.test_witness import LOG, call, note, request
from web.witness.memory import holding
from web.witness.post import NoAnswer, post

ROOT = Path(__file__).resolve().parents[3]
START = "import sys; from web.main import main; main(sys.argv[1:])"


class Process:
    """`consentcore witness serve` on a free port."""

    def __init__(self, folder: Path) -> None:
        (folder / "log.vkey").write_text(LOG.vkey + "\n")
        arguments = ["witness", "serve", "--state", folder / "w", "--log-vkey", folder / "log.vkey", "--port", "0"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, *map(str, arguments)], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:([0-9]+)/add-checkpoint", self.process.stderr.readline())
        assert found is not None
        self.port = int(found[1])

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


def test_a_killed_witness_remembers_what_it_answered(tmp_path: Path) -> None:
    old, vkey = 0, None
    for size in (9, 20):
        running = Process(tmp_path)
        try:
            for step in range(old + 1, size):
                status, _, text = call(running.port, request(old, step))
                assert status == 200
                old = step
        finally:
            assert running.end(signal.SIGKILL) == -signal.SIGKILL
        with holding(tmp_path / "w") as folder:  # the lock went with the process
            seen = folder.latest(LOG.name)
            assert seen is not None and seen.size == old
            assert vkey in (None, folder.cosigner.vkey)
            vkey = folder.cosigner.vkey
    assert vkey is not None
    assert verify_cosignatures(note(old) + text, [parse_witness_key(vkey)])


def test_it_stops_when_it_is_told_to(tmp_path: Path) -> None:
    running = Process(tmp_path)
    assert call(running.port, request(0, 3))[0] == 200
    assert running.end(signal.SIGINT) == 0


def test_who_does_not_answer_in_time_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(NoAnswer, match="in time"):
            post(f"http://127.0.0.1:{silent.getsockname()[1]}/x", b"", "text/plain", seconds=0.2)
        with pytest.raises(NoAnswer, match=r"in time|reached"):
            post(f"https://127.0.0.1:{silent.getsockname()[1]}/x", b"", "text/plain", seconds=0.2)
