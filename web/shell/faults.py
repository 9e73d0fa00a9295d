"""What a person sees when something cannot be done: a page in the face's own look, one sentence, and a way on.

Sentences of the core speak to developers; here each kind has words of its own, by the code of its error.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Flask, Response, g, make_response
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from consentcore.errors import ConsentCoreError
from web.problems import status_of
from web.shell.language import gettext, later

LOG = logging.getLogger("consentcore.faces")
TITLE_OF: Mapping[int, str] = {
    400: later("This cannot be read"),
    403: later("You may not do this"),
    404: later("There is nothing here"),
    405: later("This cannot be done here"),
    409: later("Something has changed meanwhile"),
    413: later("That is too much at once"),
    422: later("Something does not fit"),
    429: later("That was too often"),
    500: later("Something went wrong on our side"),
    503: later("This is not possible right now"),
}
SENTENCE_OF: Mapping[int, str] = {
    400: later("The request cannot be read. Go back, open the page again and repeat the step."),
    403: later("The form came from another page or is too old, or your role does not allow this. Nothing was changed."),
    404: later("The address is wrong, or what was here has gone. Start again from the first page."),
    405: later("This address takes no such request. Start again from the first page."),
    409: later("The page was out of date. Nothing was changed; open it again to see how things stand."),
    413: later("The form is too large. Shorten it and send it again."),
    422: later("The request can be read, but it asks for something that is not possible. Nothing was changed."),
    429: later("Wait a few minutes, then try again."),
    500: later("It was noted, without any personal data. Nothing was changed; please try again later."),
    503: later("Nothing was changed; please try again in a moment."),
}
SENTENCE_OF_CODE: Mapping[str, str] = {
    "not_permitted": later("Your role does not allow this, or a second person has to do it. Nothing was changed."),
    "too_often": later("Too many attempts were made. Wait a few minutes, then try again."),
    "configuration_error": later(
        "This installation lacks something that this page needs: whoever runs it finds the cause in its log."
    ),
}

ErrorPage = Callable[[int, str, str], str]
"""Draws the page of an error: status, title, sentence."""


def handle(app: Flask, page: ErrorPage) -> None:
    """Let an application answer every error with a page."""

    def answer_to(error: Exception) -> Response:
        status, code = _judged(error)
        g.failed = True  # a page of an error repeats nothing of its address
        title = TITLE_OF.get(status, TITLE_OF[500 if status >= 500 else 400])
        sentence = SENTENCE_OF_CODE.get(code) or SENTENCE_OF.get(status, SENTENCE_OF[500 if status >= 500 else 400])
        answer = make_response(page(status, gettext(title), gettext(sentence)), status)
        if isinstance(error, HTTPException):
            answer.headers.extend(
                (name, value) for name, value in error.get_headers(None, None) if name in ("Allow", "Retry-After")
            )
        return answer

    app.register_error_handler(Exception, answer_to)


def _judged(error: Exception) -> tuple[int, str]:
    if isinstance(error, ConsentCoreError):
        status = HTTPStatus.TOO_MANY_REQUESTS if error.code == "too_often" else status_of(type(error))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            note(error)
        return int(status), error.code
    if isinstance(error, HTTPException):
        return error.code or 500, ""
    note(error)
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return 503, ""
    return 500, ""


def note(error: Exception) -> None:
    """Log the kind of an error and where it arose: its message might hold a value."""
    cause = type(error.orig).__name__ if isinstance(error, DBAPIError) and error.orig is not None else "-"
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
    # what our own configuration errors say names settings and libraries, and is what whoever runs this needs
    said = str(error) if getattr(error, "code", "") == "configuration_error" else "-"
    LOG.error("failed kind=%s cause=%s at=%s said=%s", type(error).__name__, cause, " < ".join(reversed(places)), said)
