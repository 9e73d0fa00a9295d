"""The application of this face: settings of Flask that keep our promises, the nouns, the specification."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from flask_smorest import Api  # type: ignore[import-untyped]

from consentcore import __version__
from web.api import consents, decisions, explorer, health, ledger, requests, subjects
from web.api.access import Open, guard, mark
from web.api.body import READ_AT_MOST
from web.api.faults import answer_to
from web.api.operation import SECURITY
from web.api.schemas.problems import Problem
from web.api.wired import EXTENSION
from web.problems import CONTENT_TYPE
from web.security.headers import page_headers, security_headers
from web.wiring import Service

LOG = logging.getLogger("consentcore.api.access")
SPECIFICATION = "/api/v1/openapi.json"
NOUNS = (decisions.NOUN, consents.NOUN, requests.NOUN, ledger.NOUN, subjects.NOUN, health.NOUN)
_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "cc_live_<id>_<secret>",
    "description": "An API key, made with `consentcore apikeys create`. Each operation names the scope it needs.",
}


class _Api(Api):  # type: ignore[misc]
    """The specification, with errors as problem details (RFC 9457) in the place of the library's own."""

    DEFAULT_ERROR_RESPONSE_NAME = None  # each operation names what it may answer, so that anything else is a fault

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            if status >= HTTPStatus.BAD_REQUEST:
                response = {"description": status.phrase, "content": {CONTENT_TYPE: {"schema": Problem}}}
                self.spec.components.response(status.name, response, lazy=True)

    def _register_error_handlers(self) -> None:
        self._app.register_error_handler(Exception, answer_to)


def create_app(service: Service) -> Flask:
    """Make the WSGI application of the API for a wired service; several may live in one process.

    Raises: ConfigurationError when an operation lacks an access rule.
    """
    app = Flask("web.api", static_folder=None, template_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=READ_AT_MOST,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        API_TITLE="ConsentCore",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.extensions[EXTENSION] = service
    api = _Api(app)
    api.spec.components.security_scheme(SECURITY, _SCHEME)
    for noun in NOUNS:
        api.register_blueprint(noun)
    _open_specification(app)
    explorer.mount(app, service, api.spec.to_dict)
    guard(app)
    _finish(app, service.settings.base_url)
    return app


def _open_specification(app: Flask) -> None:
    endpoint = "api-docs.openapi_json"
    given = app.view_functions[endpoint]

    def specification() -> Any:  # the library's is a bound method, which carries no rule
        return given()

    mark(specification, Open.TO_ANYONE)
    app.view_functions[endpoint] = specification


def _finish(app: Flask, base_url: str) -> None:
    of_machines, of_pages = security_headers(base_url), page_headers(base_url, scripts=False)

    @app.after_request
    def finish(answer: Response) -> Response:
        kept = answer.headers.get("Cache-Control")  # an operation says so itself where what it gives never changes
        answer.headers.update(of_pages if answer.mimetype == "text/html" else of_machines)
        if kept is not None:
            answer.headers["Cache-Control"] = kept
        if request.method == "GET" and answer.status_code == HTTPStatus.OK and "caller" in g:
            answer.add_etag()
            answer.make_conditional(request)
        rule: Any = request.url_rule.rule if request.url_rule is not None else "-"
        who = g.caller.key_id if "caller" in g else "-"
        LOG.info("method=%s rule=%s status=%d key=%s", request.method, rule, answer.status_code, who)
        return answer
