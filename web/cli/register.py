"""`consentcore register`: the record of processing activities, written out or checked (Art. 30)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from consentcore.db import Base, KeyringBase
from consentcore.personal_data.datamap import compose as compose_map
from registry.article30 import RegisterView, compose
from registry.documents.bundle import json_bytes
from registry.documents.register_sheet import register_pdf
from registry.documents.shown import csv_text
from registry.register_data import as_data, as_rows
from registry.wording import LANGUAGES
from web.cli.command import Failed, Group, service
from web.files import writing_atomically
from web.transaction import reading

NOT_YET = ("ods", "xlsx", "jsonld")


@click.group(cls=Group)
def register() -> None:
    """Write out or check the record of processing activities."""


@register.command()
@click.option("--format", "form", required=True, type=click.Choice(["pdf", "csv", "json", *NOT_YET]))
@click.option("--lang", default=LANGUAGES[0], show_default=True, type=click.Choice(LANGUAGES))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def export(form: str, lang: str, out: Path) -> dict[str, Any]:
    """Write the register to a file, as it stands now."""
    if form in NOT_YET:
        raise Failed(f"the register cannot be written as {form} in this version; use pdf, csv or json")
    view = _view()
    with writing_atomically(out) as stream:
        stream.buffer.write(_drawn(view, form, lang))
    return {"activities": len(view.activities), "problems": list(view.problems), "out": str(out)}


def _drawn(view: RegisterView, form: str, lang: str) -> bytes:
    if form == "pdf":
        return register_pdf(view, lang)
    if form == "csv":
        return csv_text(as_rows(view, lang)).encode()
    return json_bytes(as_data(view, lang))


@register.command()
def check() -> dict[str, Any]:
    """Name every gap between the policies and the data that are really held; exit 1 when there is one."""
    view = _view()
    if view.problems:
        raise Failed("the register has gaps:\n" + "\n".join(view.problems))
    return {"activities": len(view.activities), "problems": []}


def _view() -> RegisterView:
    with service() as wired, reading(wired.sessions) as session:
        return compose(session, wired.policy, compose_map([Base.metadata, KeyringBase.metadata]), wired.now())
