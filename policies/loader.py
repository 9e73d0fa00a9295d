"""Policies as dated text become the frozen `PolicySet` that the core works with."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from consentcore.policyset import PolicySet
from policies import assembly, contact_assembly
from policies import folder as folders
from policies.coherence import check
from policies.folder import Folder, PoliciesRefused
from policies.problems import Problem
from policies.schema import PolicyFile

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Inspection:
    """A set of policies as read, with what is wrong with it."""

    policy_set: PolicySet
    problems: tuple[Problem, ...]


def load(folder: Path | None = None, *, allow_problems: bool = False) -> PolicySet:
    """Load the organisation's policies; None is the made-up company that comes with the package.

    Raises: PoliciesRefused or UnreadableFile, for files that cannot be read; PoliciesRefused, for a set that
    contradicts itself or the law, unless `allow_problems` (Art. 5(2), 24).
    """
    inspection = inspect(folder)
    if inspection.problems and not allow_problems:
        sentences = "\n".join(str(problem) for problem in inspection.problems)
        raise PoliciesRefused(f"the policies cannot be used as they stand:\n{sentences}")
    return inspection.policy_set


def inspect(folder: Path | None = None) -> Inspection:
    """Read policies and say what is wrong with them, without refusing the set for it.

    Raises: PoliciesRefused or UnreadableFile, for files that cannot be read.
    """
    if folder is not None:
        return assemble(folders.gather(folder))
    with resources.as_file(resources.files("policies") / "organisation") as packaged:
        return assemble(folders.gather(packaged))


def assemble(files: Folder) -> Inspection:
    """Make a set of policies of texts by path, and say what is wrong with it.

    Raises: PoliciesRefused or UnreadableFile, for texts that cannot be read.
    """
    policy = assembly.stated_in(files, "policy.yaml", PolicyFile)
    if policy["format"] != FORMAT:
        raise PoliciesRefused(f"policy.yaml, format: is {policy['format']}; this version reads format {FORMAT}")
    classes, rules = assembly.retention(files)
    policy_set = PolicySet(
        sha256=files.sha256,
        version=policy["version"],
        effective_on=policy["effective_on"],
        controller=assembly.controller(files),
        purposes=MappingProxyType(assembly.purposes(files)),
        notices=MappingProxyType(assembly.notices(files)),
        data_classes=MappingProxyType(classes),
        retention=MappingProxyType(rules),
        deadlines=MappingProxyType(assembly.deadlines(files)),
        recipients=MappingProxyType(assembly.recipients(files)),
        contact_rules=MappingProxyType(contact_assembly.contact_rules(files)),
        ages=MappingProxyType(contact_assembly.ages(files)),
    )
    return Inspection(policy_set, tuple(check(policy_set)))
