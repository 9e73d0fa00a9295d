"""What all commands share: `--json`, errors as sentences with the right exit code, times and references as options."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from consentcore.clock import parse_instant
from consentcore.errors import BadInput, ConsentCoreError, LedgerTampered
from consentcore.personal_data.wall import Verb
from web.cli.printing import show
from web.settings import read_settings
from web.wiring import Service, open_service

HELP = {"help_option_names": ["-h", "--help"]}
VERB_OF = {
    "import": Verb.IMPORT,
    "quarantine": Verb.IMPORT,
    "subjects": Verb.LOCATE,
    "link": Verb.RECORD,
    "unlink": Verb.RECORD,
    "deceased": Verb.RECORD,
    "decide": Verb.DECIDE,
    "eligible": Verb.ELIGIBLE,
    "consent": Verb.RECORD,
    "notices": Verb.RECORD,
    "calls": Verb.RECORD,
    "requests": Verb.REQUEST,
    "retention": Verb.DISPOSE,
    "holds": Verb.DISPOSE,
    "ledger": Verb.AUDIT,
    "register": Verb.AUDIT,
    "keys": Verb.KEYS,
    "staff": Verb.SIGN_IN,
    "jobs": Verb.DELIVER,
}
"""What a command says to the second wall, by its noun, or by its own name where that says more."""
EXIT_FAILED = 1
EXIT_NOT_VERIFIED = 3


class Failed(click.ClickException):
    """A command that could not be done: a sentence on stderr, exit 1, and the answer found where there is one."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, answer: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.answer = answer

    def show(self, file: Any = None) -> None:
        """Write the sentence."""
        click.echo(f"consentcore: {self.message}", err=True)


class NotVerified(Failed):
    """Something claimed to be proven and is not: exit 3, with the answer found where there is one."""

    exit_code = EXIT_NOT_VERIFIED


class Command(click.Command):
    """A command that takes `--json` and turns errors of the product into sentences.

    `bare` names the one key of the answer that is printed alone, as a line, where JSON is not asked for.
    """

    def __init__(self, *args: Any, bare: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"context_settings": HELP, **kwargs})
        self.bare = bare
        self.params.append(click.Option(["--json", "as_json"], is_flag=True, help="One JSON document on stdout."))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; show its answer as JSON or for people."""
        as_json = ctx.params.pop("as_json")
        try:
            with errors_as_sentences():
                answer = super().invoke(ctx)
        except Failed as refused:
            if as_json and refused.answer is not None:
                show(refused.answer, as_json=True)
            raise
        if self.bare is not None and not as_json:
            click.echo(answer[self.bare])
        elif isinstance(answer, Mapping):
            show(answer, as_json=as_json)
        return answer


class Group(click.Group):
    """A group whose commands are all of this kind."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"context_settings": HELP, **kwargs})


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Turn what went wrong into one sentence without personal data.

    A database's own message may quote values, so only its kind is told.
    """
    try:
        yield
    except LedgerTampered as error:
        raise NotVerified(str(error)) from None
    except ConsentCoreError as error:
        article = f" [Art. {error.article}]" if error.article else ""
        raise Failed(f"{error}{article}") from None
    except DBAPIError as error:
        raise Failed(_database_sentence(error)) from None
    except OSError as error:
        raise Failed(f"{error.filename or 'a file'}: {error.strerror or type(error).__name__}") from None


def _database_sentence(error: DBAPIError) -> str:
    kind = type(error.orig).__name__ if error.orig is not None else type(error).__name__
    text = str(error.orig).lower()
    if any(word in text for word in ("readonly", "read-only", "read only")):
        return "the database cannot be written to: its file, folder or server is read-only; nothing was changed"
    if "disk is full" in text or "disk full" in text:
        return "the database's disk is full; nothing was changed"
    if "unable to open" in text:  # SQLite in WAL mode makes files beside its own, even to read
        return "the database's file cannot be opened: it must be there, in a folder that can be written to"
    if "could not connect" in text or "connection refused" in text or "can't connect" in text:
        return "the database cannot be reached; check CONSENTCORE_DATABASE_URL and CONSENTCORE_KEYRING_URL"
    if "locked" in text:
        return "the database is busy with another writer; try again"
    return f"the database refused ({kind}); nothing was changed"


def service() -> AbstractContextManager[Service]:
    """Open the wired service for one command, which says by its noun what it does (docs/operations.md)."""
    context = click.get_current_context(silent=True)
    words = context.command_path.split() if context is not None else []
    verb = next((VERB_OF[word] for word in reversed(words) if word in VERB_OF), Verb.MAINTAIN)
    return open_service(read_settings(os.environ), verb)


class Instant(click.ParamType[datetime]):
    """An ISO 8601 instant with an offset."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the instant, or refuse with the way out."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(value)
        except BadInput as error:
            self.fail(str(error), param, ctx)


INSTANT = Instant()
