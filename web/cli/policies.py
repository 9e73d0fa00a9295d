"""`consentcore policies`: checking the organisation's policies, comparing them and putting them in force."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from consentcore.policyset import PolicySet
from policies.applied import apply as apply_policies
from policies.applied import policy_in_force
from policies.diff import compare
from policies.fresh_consent import Need
from policies.loader import inspect, load
from web.cli.command import Failed, Group, service
from web.settings import read_settings
from web.transaction import reading, unit

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(cls=Group)
def policies() -> None:
    """Check policies, compare them, or put them in force."""


@policies.command()
@click.argument("folder", required=False, type=FOLDER)
def check(folder: Path | None) -> dict[str, Any]:
    """Read policies and name every problem, with the article it is about; exit 1 when there is one."""
    found = inspect(folder or read_settings(os.environ).policies)
    problems = [str(problem) for problem in found.problems]
    answer = {
        "sha256": found.policy_set.sha256,
        "version": found.policy_set.version,
        "purposes": sorted(found.policy_set.purposes),
        "notices": sorted(notice.label for notice in found.policy_set.notices.values()),
        "problems": problems,
    }
    if problems:
        raise Failed("the policies cannot be used as they stand:\n" + "\n".join(problems), answer)
    return answer


@policies.command()
@click.argument("folder", required=False, type=FOLDER)
@click.option("--from", "other", type=FOLDER, help="Compare with this folder, not with what is in force.")
def diff(folder: Path | None, other: Path | None) -> dict[str, Any]:
    """Compare policies with those in force, and say which purposes need fresh consent, and why."""
    before = load(other, allow_problems=True) if other is not None else _in_force()
    found = inspect(folder or read_settings(os.environ).policies)
    difference = compare(before, found.policy_set)
    return {
        "sha256": difference.to_sha256,
        "from_sha256": difference.from_sha256,
        "changes": [asdict(change) for change in difference.changes],
        "fresh_consent": [_told(need) for need in difference.fresh_consent],
        "inform": [_told(need) for need in difference.inform],
        "problems": [*(str(problem) for problem in found.problems), *difference.problems],
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


def _in_force() -> PolicySet:
    with service() as wired, reading(wired.sessions) as session:
        return policy_in_force(session)


def _told(need: Need) -> dict[str, str]:
    return {"purpose": need.purpose, "why": need.why, "article": need.article}
