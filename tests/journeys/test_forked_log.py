"""Whoever holds database and signing key can rewrite the log so that it fits itself; each outside witness finds it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from consentcore.ledger.append import append
from consentcore.ledger.checkpoint import open_checkpoint
from consentcore.ledger.merkle import leaf_hash
from consentcore.ledger.tables import LogEvent, LogLeaf
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import DatabaseSource, migrate
from tests.builders.tsa import make_authority, serving
from web.settings import read_settings
from web.transaction import unit
from web.wiring import Service, open_service
from web.witness.memory import Folder, holding
from web.witness.protocol import trusted_logs
from web.witness.server import WitnessServer

MAPPING = "entity: contact\nexternal_id: {system: test, column: id}\nfields: {email: email}\n"
MATTER = ("--purpose", "newsletter", "--channel", "email", "--notice", "newsletter@1", "--method", "web_form")
MAILED_TO = "dpo@courriel.example"
KEPT = ("cc_log_timestamp", "cc_log_cosignature", "cc_log_witness")


@dataclass(frozen=True)
class Watched:
    """An installation whose log is cosigned, time-stamped and mailed; `alone` is the same without those settings."""

    cc: CommandLine
    alone: CommandLine
    witness: Folder

    @property
    def kept_by_witness(self) -> Path:
        """The witness's own file of the log's latest checkpoint."""
        (file,) = self.witness.path.glob("*.checkpoint")
        return file

    @property
    def kept_as_mail(self) -> Path:
        """The mail that carried a checkpoint."""
        found = [one for one in (self.cc.folder / "mail").glob("*.eml") if MAILED_TO in one.read_text("utf-8")]
        assert len(found) == 1
        return found[0]


@pytest.fixture
def watched(database_source: DatabaseSource, tmp_path: Path) -> Iterator[Watched]:
    authority = make_authority(tmp_path / "tsa")
    with (
        database_source.lend("sqlite", tmp_path, migrate) as lent,
        holding(tmp_path / "witness", "witness.example/one") as folder,
        serving(authority.reply) as tsa,
    ):
        alone = command_line(tmp_path, lent.url, lent.keyring_url)
        alone("init")
        server = WitnessServer(folder, trusted_logs([alone("ledger", "vkey")["vkey"]]))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        more = {
            "CONSENTCORE_TSA": tsa.url,
            "CONSENTCORE_TSA_CA": str(authority.ca),
            "CONSENTCORE_WITNESSES": f"{folder.cosigner.vkey} http://127.0.0.1:{server.server_port}",
            "CONSENTCORE_CHECKPOINT_MAIL": MAILED_TO,
        }
        try:
            yield Watched(CommandLine(tmp_path, alone.environment | more), alone, folder)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def grow(cc: CommandLine, *numbers: int) -> None:
    rows = "".join(f"{number},p{number}@courriel.example\n" for number in numbers)
    (cc.folder / "people.csv").write_text("id,email\n" + rows, encoding="utf-8")
    (cc.folder / "people.yaml").write_text(MAPPING, encoding="utf-8")
    cc("import", cc.folder / "people.csv", "--mapping", cc.folder / "people.yaml")
    for number in numbers:
        cc("consent", "record", "--email", f"p{number}@courriel.example", *MATTER, "--state", "given")


def wired(cc: CommandLine) -> Any:
    return open_service(read_settings(cc.environment))


def rewrite(service: Service) -> None:
    """Change when the first thing happened, and make the whole log anew over it, with the log's own key."""
    signer = service.keyring.log_signer()
    with unit(service.sessions) as session:
        rows = session.execute(
            select(LogLeaf.event_id, LogEvent.header, LogLeaf.checkpoint)
            .join(LogEvent, LogEvent.id == LogLeaf.event_id)
            .order_by(LogLeaf.idx)
        ).all()
        first = rows[0].header
        changed = re.sub(rb'("ts":"[0-9]{4})-', lambda found: b'"ts":"2020-', first)
        assert changed != first
        connection = session.connection()
        connection.exec_driver_sql("DELETE FROM cc_log_leaf")
        connection.exec_driver_sql("DELETE FROM cc_log_tile")
        connection.exec_driver_sql("UPDATE cc_log_event SET header = ? WHERE id = ?", (changed, rows[0].event_id.bytes))
        batch: list[tuple[bytes, bytes]] = []
        for row in rows:
            batch.append((row.event_id.bytes, leaf_hash(changed if row is rows[0] else row.header)))
            if row.checkpoint is not None:
                append(connection, batch, signer, signer.vkey)
                batch = []
        assert not batch


def forget(service: Service, *tables: str) -> list[tuple[str, list[Any]]]:
    """Take rows of witnesses away and return them."""
    taken = []
    with unit(service.sessions) as session:
        for table in tables:
            rows = session.connection().exec_driver_sql(f"SELECT * FROM {table}").all()
            taken.append((table, list(rows)))
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    return taken


def put_back(service: Service, taken: list[tuple[str, list[Any]]]) -> None:
    with unit(service.sessions) as session:
        for table, rows in taken:
            for row in rows:
                marks = ", ".join("?" * len(row))
                session.connection().exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", tuple(row))


def refused(cc: CommandLine, *arguments: object) -> str:
    """Verify, insist on exit 3, and return the sentence."""
    ran = cc.run("ledger", "verify", *arguments)
    assert ran.exit_code == 3, ran.output
    return ran.stderr


def test_each_witness_finds_a_rewritten_log(watched: Watched) -> None:
    cc, alone = watched.cc, watched.alone
    grow(cc, 1, 2)
    cc("jobs", "run", "--once")
    grow(cc, 3)
    sound = cc("ledger", "verify", "--against", watched.kept_by_witness, "--against", watched.kept_as_mail)
    counted = sound["witnesses"]
    assert sound["ok"] and {name: counted[name] for name in ("timestamps", "cosignatures", "files", "unchecked")} == {
        "timestamps": 1,
        "cosignatures": 1,
        "files": 2,
        "unchecked": 0,
    }
    assert 0 < counted["witnessed_size"] < sound["size"]

    with wired(alone) as service:
        rewrite(service)
        by_file, by_mail = ((one, "--against", one) for one in (watched.kept_by_witness, watched.kept_as_mail))
        taken = forget(service, *KEPT)
        assert alone("ledger", "verify")["ok"]  # by itself the log cannot know
        for path, *arguments in (by_file, by_mail):
            assert (found := refused(alone, *arguments)) and str(path) in found and "a forked history" in found
        both = refused(alone, *by_file[1:], *by_mail[1:])
        assert str(by_file[0]) in both and str(by_mail[0]) in both
        for table, words in (
            ("cc_log_timestamp", "time stamp of 127.0.0.1"),
            ("cc_log_cosignature", "witness.example/one"),
        ):
            put_back(service, [one for one in taken if one[0] == table])
            for line in (alone, cc):
                found = refused(line)
                assert words in found and "a forked history" in found
            forget(service, table)
        put_back(service, taken)
        everybody = refused(cc, *by_file[1:], *by_mail[1:])
        for words in ("time stamp of", "cosignature of witness.example/one", str(by_file[0]), str(by_mail[0])):
            assert words in everybody
    cc("jobs", "run", "--once")
    (state,) = [one for one in cc("ledger", "witnesses")["witnesses"] if one["name"].startswith("witness ")]
    assert state["problem"] is None  # its minute is not over


def test_rows_of_witnesses_cannot_be_made_to_fit(watched: Watched) -> None:
    """The forger turns the stored roots into his own: the words under them are of other roots."""
    cc, alone = watched.cc, watched.alone
    grow(cc, 1)
    cc("jobs", "run", "--once")
    with wired(alone) as service:
        rewrite(service)
        with unit(service.sessions) as session:
            connection = session.connection()
            for table in KEPT[:2]:
                (size,) = connection.exec_driver_sql(f"SELECT size FROM {table}").one()
                note = connection.exec_driver_sql(
                    "SELECT checkpoint FROM cc_log_leaf WHERE idx = ?", (size - 1,)
                ).scalar_one()
                root = open_checkpoint(note.decode(), service.keyring.log_vkeys()).root
                connection.exec_driver_sql(f"UPDATE {table} SET root = ?", (root,))
    found = cc("ledger", "verify", exit_code=3)
    assert not found["ok"] and found["problem"] is None
    assert [("time stamp" in one, "cosignature" in one) for one in found["discrepancies"]] == [
        (True, False),
        (False, True),
    ]
    assert all("does not hold" in one for one in found["discrepancies"])
    assert "of another text" in refused(alone)  # even without the authority's certificates


def test_a_log_that_was_cut_off_is_shorter_than_what_was_witnessed(watched: Watched) -> None:
    cc, alone = watched.cc, watched.alone
    grow(cc, 1)
    size = alone("ledger", "verify")["size"]
    with wired(alone) as service:
        copy = (Path(service.engine.url.database or "")).read_bytes()
    grow(cc, 2)
    cc("jobs", "run", "--once")
    kept = watched.kept_by_witness, watched.kept_as_mail
    with wired(alone) as service:
        taken = forget(service, *KEPT)
        path = Path(service.engine.url.database or "")
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(copy)
    assert alone("ledger", "verify")["size"] == size
    for file in kept:
        answer = alone("ledger", "verify", "--against", file, exit_code=3)
        assert answer["first_bad"] == size and "rolled back" in answer["problem"] and str(file) in answer["problem"]
    with wired(alone) as service:
        put_back(service, taken)
    assert "rolled back" in refused(alone)
    assert alone.run("ledger", "verify").exit_code == 3


def test_a_quorum_of_witnesses_is_asked_for(watched: Watched) -> None:
    cc, folder = watched.alone, watched.alone.folder
    grow(watched.cc, 1)
    (folder / "witnesses").write_text(f"# ours\n{watched.witness.cosigner.vkey}\n")
    (folder / "none").write_text("# nobody\n")
    assert "0 of the witnesses given cosigned" in refused(cc, "--witness", folder / "witnesses")
    watched.cc("jobs", "run", "--once")
    assert cc("ledger", "verify", "--witness", folder / "witnesses")["witnesses"]["cosignatures"] == 1
    assert "1 of the witnesses given cosigned this log, 2 are wanted" in refused(
        cc, "--witness", folder / "witnesses", "--quorum", 2
    )
    assert refused(cc, "--witness", folder / "none")
    assert cc.run("ledger", "verify", "--quorum", 1).exit_code == 2
    with wired(cc) as service:
        forget(service, "cc_log_cosignature")
    assert refused(cc, "--witness", folder / "witnesses")
    asked = ("--witness", folder / "witnesses", "--against", watched.kept_by_witness)
    assert cc("ledger", "verify", *asked)["witnesses"]["files"] == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"no note\n", b"\xff\xfe", b"Subject: x\n\nno note\n", b"Content-Type: text/html\n\n<p>x", b"x" * 300_000],
)
def test_files_without_a_checkpoint_prove_nothing(watched: Watched, content: bytes) -> None:
    (watched.alone.folder / "kept").write_bytes(content)
    assert "checkpoint" in refused(watched.alone, "--against", watched.alone.folder / "kept")


def test_a_checkpoint_is_mailed_by_hand_and_given_back(watched: Watched) -> None:
    cc = watched.alone
    answer = cc("ledger", "checkpoint", "--mail", MAILED_TO, "--out", cc.folder / "kept")
    assert answer["mailed"] == MAILED_TO
    cc("jobs", "run", "--once")
    mail = watched.kept_as_mail
    assert cc("ledger", "verify", "--against", mail, "--against", cc.folder / "kept")["witnesses"]["files"] == 2
    twice = cc.folder / "twice"
    note = (cc.folder / "kept").read_text("utf-8")
    twice.write_text(f"{note}\n{note.replace(note.splitlines()[1], '9')}")
    assert "more than one checkpoint" in refused(cc, "--against", twice)
    assert cc.run("ledger", "checkpoint", "--mail", "a@b.example\nBcc: c@d.example").exit_code == 1


def test_tiles_are_written_as_static_files(watched: Watched) -> None:
    cc = watched.alone
    first = cc("ledger", "tiles", "--out", cc.folder / "tiles")
    grow(cc, 1)
    again = cc("ledger", "tiles", "--out", cc.folder / "tiles")
    assert again["size"] > first["size"] and again["written"] == 2
    note = (cc.folder / "tiles" / "checkpoint").read_text("utf-8")
    assert open_checkpoint(note, [cc("ledger", "vkey")["vkey"]]).root.hex() == again["root"]
    data = (cc.folder / "tiles" / "tile" / "0" / "000.p" / str(again["size"])).read_bytes()
    assert len(data) == 32 * again["size"]


def test_a_witness_of_the_command_line_has_one_name_for_good(tmp_path: Path) -> None:
    cc = CommandLine(tmp_path, {})
    made = cc("witness", "vkey", "--state", tmp_path / "w", "--name", "witness.example/one")["vkey"]
    assert cc.run("witness", "vkey", "--state", tmp_path / "w").stdout == made + "\n"
    assert cc.run("witness", "vkey", "--state", tmp_path / "w", "--name", "another").exit_code == 1
    (tmp_path / "empty").write_text("")
    ran = cc.run("witness", "serve", "--state", tmp_path / "w", "--log-vkey", tmp_path / "empty")
    assert ran.exit_code == 1 and "no public key of a log" in ran.stderr
