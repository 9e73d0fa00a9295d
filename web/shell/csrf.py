"""A form is taken only from our own pages: the browser says where it came from, and the form shows its session's token.

Browsers state the origin of a form in `Origin` or `Sec-Fetch-Site`, which a page elsewhere cannot change; a request
that states neither is refused. Where a session exists, its token must be in the form besides (ASVS 3.5).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import Forbidden

from web.shell.wired import service, visit

FIELD = "form_token"
FOR_MACHINES = "CC_FOR_MACHINES"
"""Key of an application's configuration: endpoints that machines post to, whose address alone says who and what."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignForm(Forbidden):
    """A form that did not come from the page it claims to."""

    description = "This form came from another place, or it is too old. Open the page again and repeat the step."


def check_form() -> None:
    """Refuse an unsafe request that none of our pages made.

    Raises: ForeignForm.
    """
    if request.method in SAFE or request.endpoint in current_app.config.get(FOR_MACHINES, ()):
        return
    if not _from_here():
        raise ForeignForm
    current = visit()
    if current is not None and not current.owns_form(request.form.get(FIELD, "")):
        raise ForeignForm


def _from_here() -> bool:
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin in {_origin(request.host_url), _origin(service().settings.base_url)}
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
