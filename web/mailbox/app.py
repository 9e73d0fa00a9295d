"""The mailbox of a development machine: every mail that was written to a file, the newest first.

It is made in development alone, and only where mail is written to files: it shows everybody's mail to anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from flask import Flask, abort, render_template

from consentcore.errors import ConfigurationError
from web.jobs.deliver import MAIL_FILES, mail_folder
from web.shell.access import Open, check_table
from web.shell.app import Face, make_app
from web.shell.language import preferred
from web.shell.wired import service
from web.wiring import Service

FACE = Face("mailbox", "web.mailbox", Path(__file__).parent)
ACCESS = {"page": Open.TO_ANYONE, "mail": Open.TO_ANYONE}
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, read."""

    name: str
    to: str
    subject: str
    at: datetime
    body: str


def create_app(wired: Service) -> Flask:
    """Make the application.

    Raises: ConfigurationError outside of development.
    """
    if wired.settings.env != "development":
        raise ConfigurationError("the mailbox shows everybody's mail; it is made in development only")
    app = make_app(FACE, wired, preferred, lambda: None, controller=wired.policy.controller)
    app.add_url_rule("/", "page", page)
    app.add_url_rule("/<uuid:name>", "mail", mail)
    check_table(app, ACCESS)
    return app


def page() -> str:
    """List the mails, the newest first."""
    return render_template("mailbox.html", mails=_mails()[:SHOWN])


def mail(name: object) -> str:
    """Show one mail."""
    found = next((one for one in _mails() if one.name == str(name)), None)
    if found is None:
        abort(404)
    return render_template("mail.html", mail=found)


def _mails() -> list[Mail]:
    setting = service().settings.mail
    if not setting.startswith(MAIL_FILES):
        return []
    found = [_read(path) for path in mail_folder(setting).glob("*.eml")]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _read(path: Path) -> Mail:
    parsed = message_from_bytes(path.read_bytes(), policy=default)
    body = parsed.get_body(("plain",)) if isinstance(parsed, EmailMessage) else None
    text = "" if body is None else str(body.get_content())
    return Mail(path.stem, str(parsed["To"]), str(parsed["Subject"]), parsedate_to_datetime(str(parsed["Date"])), text)
