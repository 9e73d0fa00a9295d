"""`GET /api/v1/explorer`: the specification as a page for people, drawn from the very document that is served.

It tells nothing about anybody, so it is open like the document itself; it runs no script and is the same for everyone,
which is why it may be kept drawn and compressed.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request
from markupsafe import Markup, escape

from registry.wording import LANGUAGES
from web.api.access import Open, mark
from web.api.explorer_model import chapters, problem, type_in_words
from web.api.explorer_samples import KEY, known_values, samples
from web.api.explorer_words import CODES, NOUNS
from web.shell.app import Face, use_templates
from web.shell.assets import fingerprint
from web.shell.language import gettext, preferred
from web.wiring import Service

PATH = "/api/v1/explorer"
ENDPOINT = "explorer"
FACE = Face("api", "web.api", Path(__file__).parent)


def mount(app: Flask, service: Service, specification: Callable[[], Mapping[str, Any]]) -> None:
    """Put the page into the application; `specification` gives the document once every noun is registered."""
    use_templates(app, FACE, {"controller": service.policy.controller, "asset": _asset})
    app.jinja_env.filters |= {"type_in_words": type_in_words, "with_code": with_code}

    @cache
    def drawn(language: str, root_path: str) -> tuple[bytes, bytes]:
        page = _draw(service, specification(), language).encode()
        return page, gzip.compress(page, 9, mtime=0)

    def explorer() -> Response:
        asked = request.args.get("lang", "")
        g.language = asked if asked in LANGUAGES else preferred()
        plain, packed = drawn(g.language, request.root_path)
        headers = {"Content-Language": g.language, "Vary": "Accept-Encoding, Accept-Language"}
        if request.accept_encodings["gzip"]:
            return Response(packed, mimetype="text/html", headers={**headers, "Content-Encoding": "gzip"})
        return Response(plain, mimetype="text/html", headers=headers)

    mark(explorer, Open.TO_ANYONE)
    app.add_url_rule(PATH, ENDPOINT, explorer, methods=["GET"])


def with_code(text: str) -> Markup:
    """Set what stands between grave accents as code."""
    parts = str(escape(text)).split("`")
    return Markup("").join(  # `escape` has been over every part
        Markup(f"<code>{part}</code>" if place % 2 else part)  # noqa: S704
        for place, part in enumerate(parts)
    )


def _draw(service: Service, document: Mapping[str, Any], language: str) -> str:
    root, known = service.settings.base_url.rstrip("/"), known_values(service.policy)
    found = chapters(document)
    lines = {one.id: samples(one, root, known) for chapter in found for one in chapter.operations}
    template = current_app.jinja_env.get_template("explorer.html")
    return template.render(
        language=language,
        other=next(one for one in LANGUAGES if one != language),
        chapters=found,
        noun=lambda name: gettext(NOUNS.get(name, name)),
        samples=lines,
        codes=CODES,
        problem=problem(document),
        root=root,
        key=KEY,
        api_version=document["info"]["version"],
        openapi=document["openapi"],
    )


def _asset(name: str) -> str:
    """Return the address of a style sheet or icon: this face stands at the root of the mount, not below it."""
    return f"{request.root_path}/static/{fingerprint()}/{name}"
