"""Delivering the outbox: each message in a unit of its own, emptied once it is out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from uuid import UUID

from consentcore.errors import ConfigurationError
from consentcore.outbox import sending
from consentcore.outbox.put import Message, opened
from consentcore.policyset import Controller
from web.jobs.packages import write_bytes
from web.transaction import reading, unit
from web.wiring import Service

BATCH = 100
MAIL_FILES = "file:"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one run did with the messages that were due."""

    sent: int
    failed: int


def deliver(service: Service) -> Delivered:
    """Send every message that is due, the longest waiting first; what fails is tried again later.

    Mail to files is named after the message: a message that was written but not noted (a crash between the two) is
    written to the same file again, so it is there once.
    Raises: ConfigurationError when the settings name a transport that this version has not.
    """
    folder = mail_folder(service.settings.mail)
    now = service.now()
    done = failures = 0
    tried: set[UUID] = set()
    while True:
        with reading(service.sessions) as session:
            waiting = [one for one in sending.due(session, now, BATCH + len(tried)) if one not in tried]
        if not waiting:
            return Delivered(done, failures)
        for message_id in waiting:
            tried.add(message_id)
            outcome = _deliver_one(service, folder, message_id, now)
            done += outcome is True
            failures += outcome is False


def mail_folder(setting: str) -> Path:
    """Return the folder that mail is written to.

    Raises: ConfigurationError for any transport but `file:`.
    """
    if not setting.startswith(MAIL_FILES) or not setting.removeprefix(MAIL_FILES):
        raise ConfigurationError("CONSENTCORE_MAIL: this version writes mail to files; use file:FOLDER")
    return Path(setting.removeprefix(MAIL_FILES))


def _deliver_one(service: Service, folder: Path, message_id: UUID, now: datetime) -> bool | None:
    with unit(service.sessions) as session:
        row = sending.claim(session, message_id)
        message = None if row is None else opened(service.keyring, row)
        if row is None or message is None:
            return None  # another process was first
        try:
            write_mail(folder, message_id, message, service.policy.controller, now)
        except OSError:
            sending.failed(session, row, now)
            return False
        sending.sent(session, row, now)
        return True


def write_mail(folder: Path, message_id: UUID, message: Message, controller: Controller, now: datetime) -> Path:
    """Write one message as a file of RFC 5322 that its owner alone can read; returns where.

    Raises: OSError when the folder cannot be written to.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(controller.name, addr_spec=controller.email)
    mail["To"] = message.to
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message_id}@{controller.email.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return write_bytes(folder / f"{message_id}.eml", mail.as_bytes())
