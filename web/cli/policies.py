"""`consentcore policies`: checking the organisation's policies and putting them in force."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from policies.applied import apply as apply_policies
from policies.loader import inspect, load
from web.cli.command import Failed, Group, service
from web.settings import read_settings
from web.transaction import unit

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(cls=Group)
def policies() -> None:
    """Check policies, or put them in force."""


@policies.command()
@click.argument("folder", required=False, type=FOLDER)
def check(folder: Path | None) -> dict[str, Any]:
    """Read policies and name every problem, with the article it is about; exit 1 when there is one."""
    found = inspect(folder or read_settings(os.environ).policies)
    problems = [str(problem) for problem in found.problems]
    if problems:
        raise Failed("the policies cannot be used as they stand:\n" + "\n".join(problems))
    return {
        "sha256": found.policy_set.sha256,
        "version": found.policy_set.version,
        "purposes": sorted(found.policy_set.purposes),
        "notices": sorted(notice.label for notice in found.policy_set.notices.values()),
        "problems": problems,
    }


@policies.command()
@click.argument("folder", required=False, type=FOLDER)
def apply(folder: Path | None) -> dict[str, Any]:
    """Put policies in force: their hash goes into the log, their texts are kept for ever."""
    with service() as wired:
        source = folder or wired.settings.policies
        policy = load(source)
        with unit(wired.sessions) as session:
            newly = apply_policies(session, source, policy, wired.now())
        return {"sha256": policy.sha256, "version": policy.version, "applied": newly, "problems": []}
