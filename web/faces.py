"""Every face behind one address: the portal, the console, the API and, in development, the mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request, Response

from consentcore.personal_data.wall import Verb
from web.api.app import create_app as create_api
from web.console.app import create_app as create_console
from web.mailbox.app import create_app as create_mailbox
from web.portal.app import create_app as create_portal
from web.portal.signals import WELL_KNOWN, well_known
from web.shell.assets import application as assets
from web.wiring import Service

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
PORTAL, CONSOLE, MAILBOX, ASSETS = "/portal", "/console", "/mailbox", "/static"


def create_faces(service: Service) -> WSGI:
    """Make one WSGI application of all faces; the mailbox is there in development only.

    Raises: ConfigurationError when a page or an operation lacks an access rule.
    """
    mounts: dict[str, Any] = {
        PORTAL: create_portal(service.acting(Verb.RECORD)),
        CONSOLE: create_console(service.acting(Verb.REQUEST)),
        ASSETS: assets,
    }
    if service.settings.env == "development":
        mounts[MAILBOX] = create_mailbox(service.acting(Verb.DELIVER))
    return DispatcherMiddleware(_front(create_api(service.acting(Verb.DECIDE)), well_known(service.policy)), mounts)


def _front(api: Any, gpc: bytes) -> WSGI:
    """Send whoever comes to the bare address to the portal, and say that GPC is heeded; all else is the API's."""

    @Request.application
    def to_portal(request: Request) -> Response:
        return Response(status=303, headers={"Location": f"{request.root_path}{PORTAL}/", "Cache-Control": "no-store"})

    @Request.application
    def heeded(_request: Request) -> Response:
        headers = {"Cache-Control": "max-age=86400", "X-Content-Type-Options": "nosniff"}
        return Response(gpc, mimetype="application/json", headers=headers)

    def front(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "") in ("", "/") and environ.get("REQUEST_METHOD") in ("GET", "HEAD"):
            return to_portal(environ, start_response)
        if environ.get("PATH_INFO") == WELL_KNOWN and environ.get("REQUEST_METHOD") in ("GET", "HEAD"):
            return heeded(environ, start_response)
        return api(environ, start_response)  # type: ignore[no-any-return]

    return front
