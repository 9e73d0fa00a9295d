"""Mail leaves after the unit that caused it, to files, once (walk B)."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from consentcore.errors import ConfigurationError
from consentcore.outbox.put import Message, put
from web.jobs.deliver import Delivered, deliver, mail_folder
from web.transaction import unit
from web.wiring import Service


def write(wired: Service, *messages: Message) -> None:
    with unit(wired.sessions) as session:
        for message in messages:
            put(session, wired.keyring, message, wired.now())


def test_each_message_becomes_one_file(wired: Service, tmp_path: Path) -> None:
    write(wired, *(Message("t", f"p{n}@courriel.example", "Demande reçue", f"Bonjour {n} é") for n in range(3)))
    assert deliver(wired) == Delivered(3, 0)
    assert deliver(wired) == Delivered(0, 0)
    files = sorted((tmp_path / "mail").iterdir())
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in files]
    assert {mail["To"] for mail in mails} == {f"p{n}@courriel.example" for n in range(3)}
    assert {mail["Subject"] for mail in mails} == {"Demande reçue"}
    assert all("é" in mail.get_content() for mail in mails)
    assert len({mail["Message-ID"] for mail in mails}) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_a_full_or_missing_folder_is_tried_again(wired: Service, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    write(wired, Message("t", "p@courriel.example", "s", "b"))
    assert deliver(wired) == Delivered(0, 1)
    (tmp_path / "mail").unlink()
    later = replace(wired, settings=replace(wired.settings, fixed_now=wired.now().replace(hour=20)))
    assert deliver(later) == Delivered(1, 0)


@pytest.mark.parametrize("setting", ["smtp://127.0.0.1:25", "file:", "var/mail"])
def test_another_transport_is_refused(setting: str) -> None:
    with pytest.raises(ConfigurationError):
        mail_folder(setting)
