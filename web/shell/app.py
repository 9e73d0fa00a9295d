"""Making the application of a face: everything that console and portal do alike, before their pages come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from consentcore import __version__
from registry.wording import LANGUAGES
from web.security.headers import page_headers
from web.shell import faults, language, masking, visits
from web.shell.assets import fingerprint
from web.shell.compression import compressed
from web.shell.csrf import FIELD, check_form
from web.shell.wired import EXTENSION, visit
from web.wiring import Service

COMPONENTS = Path(__file__).parent.parent / "components"
MAX_FORM = 256 * 1024
MAX_PARTS = 300


@dataclass(frozen=True, slots=True)
class Face:
    """One face: its name, the package of its pages, and whether its pages may run scripts of ours."""

    name: str
    package: str
    folder: Path
    scripts: bool = False


def make_app(
    face: Face, service: Service, choose_language: Callable[[], str], check: Callable[[], None], **values: Any
) -> Flask:
    """Make the application of a face without its pages.

    `choose_language` names the language of a request, `check` enforces the face's access rules (it is called after the
    session is known and before anything else); `values` are put into every template.
    """
    app = Flask(face.package, static_folder=None, template_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_FORM, MAX_FORM_MEMORY_SIZE=MAX_FORM, MAX_FORM_PARTS=MAX_PARTS)
    app.url_map.strict_slashes = False
    app.extensions[EXTENSION] = service
    use_templates(app, face, values)
    visits.keep_visits(app, face.name)

    @app.before_request
    def prepare() -> None:
        g.language = choose_language()

    app.before_request(check)
    app.before_request(check_form)
    headers = page_headers(service.settings.base_url, scripts=face.scripts)

    @app.after_request
    def finish(answer: Response) -> Response:
        for name, value in headers.items():
            answer.headers.setdefault(name, value)
        return compressed(answer)

    faults.handle(app, _error_page(app))
    return app


def _error_page(app: Flask) -> faults.ErrorPage:
    def page(status: int, title: str, sentence: str) -> str:
        if "language" not in g:  # the error came before the language was chosen
            g.language = language.preferred()
        return app.jinja_env.get_template("error.html").render(
            status=status, title=title, sentence=sentence, **_of_request(app)
        )

    return page


def _of_request(app: Flask) -> dict[str, Any]:
    values: dict[str, Any] = {}
    app.update_template_context(values)
    return values


def use_templates(app: Flask, face: Face, values: dict[str, Any]) -> None:
    """Let an application draw pages: its own templates and the components, texts, filters, and `values` everywhere.

    Whatever draws sets `g.language` first; nothing here needs a session.
    """
    app.jinja_loader = ChoiceLoader([FileSystemLoader(face.folder / "templates"), FileSystemLoader(COMPONENTS)])
    made = app.jinja_env
    made.undefined = StrictUndefined
    made.autoescape = True
    made.trim_blocks = made.lstrip_blocks = True
    made.add_extension("jinja2.ext.i18n")
    made.add_extension("jinja2.ext.do")
    made.install_gettext_callables(  # type: ignore[attr-defined]
        language.gettext, language.ngettext, newstyle=False, pgettext=language.pgettext
    )
    made.globals.update(_=language.gettext, gettext=language.gettext, ngettext=language.ngettext)
    made.globals.update(pgettext=language.pgettext, asset=asset, form_token=form_token, version=__version__)
    made.globals.update(LANGUAGES=LANGUAGES, **values)
    for name in ("long_day", "week_day", "short_day", "hour", "moment", "long_moment", "decimal", "days_away"):
        made.filters[name] = getattr(language, name)
    made.filters |= {"masked_email": masking.masked_email, "masked_phone": masking.masked_phone}
    app.context_processor(lambda: {"language": g.get("language", language.FIRST)})


def asset(name: str) -> str:
    """Return the address of a style sheet, script or icon."""
    root = request.root_path.rpartition("/")[0] if request.root_path else ""
    return f"{root}/static/{fingerprint()}/{name}"


def form_token() -> Markup:
    """Return the hidden field that every form carries while there is a session."""
    current = visit()
    if current is None:
        return Markup("")
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, current.form_token())
