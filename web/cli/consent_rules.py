"""`consentcore consent rules`: what each kind of purpose decides in each situation, as a table to read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from consentcore.consent.rulebook import rulings
from consentcore.consent.rulebook_text import markdown
from web.cli.command import INSTANT, Command, service
from web.files import write_atomically


@click.command(cls=Command)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--at", type=INSTANT, help="An instant at which calls are allowed; now, if not said.")
def rules(out: Path, at: Any) -> dict[str, Any]:
    """Write what the policies in force decide, situation by situation, as Markdown; reads no person."""
    with service() as wired:
        found = list(rulings(wired.policy, at or wired.now()))
    write_atomically(out, markdown(found))
    return {
        "out": str(out),
        "situations": len({one.situation for one in found}),
        "answers": dict(Counter("allowed" if one.allowed else "not_allowed" for one in found)),
    }
