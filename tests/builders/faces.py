"""A browser without a screen: a face's test client that sends forms as a browser does, with origin and form token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{80})"')


def without_token(answer: TestResponse) -> str:
    """Return a page without its form token, which differs each time; what is left can be compared."""
    return _TOKEN.sub("", answer.get_data(as_text=True))


class Browser:
    """One browser at one face; it keeps cookies, and the form token of the page it saw last."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.form_token = ""
        self.page: TestResponse | None = None

    def get(self, path: str, **given: Any) -> TestResponse:
        """Open a page."""
        return self._seen(self.client.get(path, **given))

    def post(self, path: str, data: Mapping[str, Any] | None = None, **given: Any) -> TestResponse:
        """Send a form of the page seen last; redirects are not followed."""
        headers = {"Origin": "http://localhost", **given.pop("headers", {})}
        fields = {"form_token": self.form_token, **(data or {})}
        return self._seen(self.client.post(path, data=fields, headers=headers, **given))

    def send(self, path: str, data: Mapping[str, Any] | None = None) -> TestResponse:
        """Send a form and follow where it leads."""
        answer = self.post(path, data)
        while answer.status_code in (302, 303):
            answer = self.get(answer.headers["Location"])
        return answer

    def _seen(self, answer: TestResponse) -> TestResponse:
        found = _TOKEN.search(answer.get_data(as_text=True)) if answer.mimetype == "text/html" else None
        if found:
            self.form_token = found[1]
        self.page = answer
        return answer
