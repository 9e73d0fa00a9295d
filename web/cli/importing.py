"""`consentcore import` and `quarantine`: taking in other systems' exports, and the rows that could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.orm import Session

from consentcore.importing.counts import Counts
from consentcore.importing.quarantine import entries
from consentcore.importing.quarantine_export import export as export_table
from consentcore.importing.quarantine_export import write_csv
from consentcore.importing.reader import SourceFile, open_source
from consentcore.importing.runs import Run, prepare
from consentcore.importing.steps import examine_file, load_file
from policies.mapping_file import read_mapping
from web.cli.command import Command, Group, service
from web.files import writing_atomically
from web.transaction import reading, unit
from web.wiring import Service

IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="import", cls=Command)
@click.argument("file", type=IN_FILE)
@click.option("--mapping", required=True, type=IN_FILE, help="Which column is what; see the public surface.")
@click.option("--source", help="Name of the source; the mapping's system, if not said.")
@click.option("--obtained-on", type=click.DateTime(["%Y-%m-%d"]), help="When the data were obtained (default: today).")
@click.option("--dry-run", is_flag=True, help="Check and count; write nothing.")
def import_(
    file: Path, mapping: Path, source: str | None, obtained_on: datetime | None, dry_run: bool
) -> dict[str, Any]:
    """Import a CSV file by a mapping. A row that cannot be read goes to quarantine; a file that cannot is refused."""
    declared = read_mapping(mapping)
    with service() as wired, open_source(file, declared) as opened:
        run = prepare(
            declared,
            opened,
            source=source,
            obtained_on=obtained_on.date() if obtained_on else _today(wired),
            region=wired.policy.controller.country,
            policy=wired.policy,
        )
        counts = _follow(wired, _batches(wired, run, opened, dry_run=dry_run), opened.rows)
        return {
            **counts.as_mapping(),
            "import_id": None if dry_run else str(run.import_id),
            "dry_run": dry_run,
        }


def _batches(wired: Service, run: Run, opened: SourceFile, *, dry_run: bool) -> Iterator[Counts]:
    def look() -> AbstractContextManager[Session]:
        return reading(wired.sessions)

    def work() -> AbstractContextManager[Session]:
        return unit(wired.sessions)

    if dry_run:
        return examine_file(look, wired.keyring, run, opened)
    return load_file(work, wired.keyring, run, opened, wired.now)


def _follow(wired: Service, batches: Iterator[Counts], rows: int) -> Counts:
    counts, console = Counts(), Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("importing", total=rows)
        for counts in batches:
            progress.update(task, completed=counts.rows)
            wired.keyring.forget()  # no row comes back to its person: memory stays flat whatever the file's length
    return counts


def _today(wired: Service) -> date:
    return wired.now().astimezone(ZoneInfo(wired.policy.controller.timezone)).date()


@click.group(cls=Group)
def quarantine() -> None:
    """Rows that an import could not read: look at them, take them out, import them again."""


@quarantine.command(name="list")
@click.option("--import", "import_id", type=click.UUID, help="Rows of one import only.")
def list_(import_id: UUID | None) -> dict[str, Any]:
    """Count the rows that wait, by column and cause; what they hold is not shown."""
    with service() as wired, reading(wired.sessions) as session:
        causes = Counter(entry.fault.cause for entry in entries(session, wired.keyring, import_id))
        return {"waiting": sum(causes.values()), "causes": dict(causes.most_common())}


@quarantine.command()
@click.option("--import", "import_id", type=click.UUID, help="Rows of one import only.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--delimiter", default=",", show_default=True, type=click.Choice([",", ";", "\t"]))
def export(import_id: UUID | None, out: Path, delimiter: str) -> dict[str, Any]:
    """Write waiting rows as CSV, to be mended and imported again with the same mapping.

    The cells are the source's own text, in clear, formulas included: mend the file in an editor and delete it after.
    """
    with service() as wired, reading(wired.sessions) as session, writing_atomically(out) as stream:
        rows = write_csv(export_table(session, wired.keyring, import_id), stream, delimiter)
    return {"rows": rows, "out": str(out)}
