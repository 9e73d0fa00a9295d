"""Policies as dated text become the frozen `PolicySet` that the core works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from consentcore.policyset import Controller, Notice, PolicySet, Purpose
from policies import folder as folders
from policies import strict_yaml
from policies.coherence import Facts, Problem, check
from policies.folder import Folder, PoliciesRefused
from policies.notices import NoticeFacts, title_of
from policies.schema import ControllerFile, NoticeFile, PolicyFile, PurposeFile, shaped

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Inspection:
    """A set of policies as read, with what is wrong with it; `facts` is what `PolicySet` does not carry."""

    policy_set: PolicySet
    facts: Facts
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
        return _assemble(folders.gather(folder))
    with resources.as_file(resources.files("policies") / "organisation") as packaged:
        return _assemble(folders.gather(packaged))


def _assemble(files: Folder) -> Inspection:
    policy = _file(files, "policy.yaml", PolicyFile)
    if policy["format"] != FORMAT:
        raise PoliciesRefused(f"policy.yaml, format: is {policy['format']}; this version reads format {FORMAT}")
    controller = _file(files, "controller.yaml", ControllerFile)
    purposes = {parts["id"]: _purpose(files, path, parts["id"]) for path, parts in files.kind("purpose")}
    if not purposes:
        raise PoliciesRefused("purposes: holds no purpose; write purposes/<id>.yaml")
    stated = {
        (parts["id"], int(parts["version"])): _file(files, path, NoticeFile) for path, parts in files.kind("notice")
    }
    policy_set = PolicySet(
        sha256=files.sha256,
        version=policy["version"],
        effective_on=policy["effective_on"],
        controller=_controller(controller),
        purposes=MappingProxyType(purposes),
        notices=MappingProxyType(_notices(files, stated)),
    )
    facts = Facts(
        public_authority=controller["public_authority"],
        notices=MappingProxyType(
            {key: NoticeFacts(tuple(notice["purposes"]), notice["sections"]) for key, notice in stated.items()}
        ),
    )
    return Inspection(policy_set, facts, tuple(check(policy_set, facts)))


def _file(files: Folder, path: str, schema: Any) -> dict[str, Any]:
    try:
        text = files.texts[path]
    except KeyError:
        raise PoliciesRefused(
            f"{path}: is missing; write it, or point CONSENTCORE_POLICIES at the right folder"
        ) from None
    return shaped(schema, strict_yaml.parse(text, path), path)


def _controller(stated: Mapping[str, Any]) -> Controller:
    return Controller(
        name=stated["name"],
        address=stated["address"],
        email=stated["email"],
        phone=stated["phone"],
        country=stated["country"],
        timezone=stated["timezone"],
        languages=tuple(stated["languages"]),
        dpo_name=stated["dpo"]["name"],
        dpo_email=stated["dpo"]["email"],
        representative=stated.get("representative"),
        made_up=stated["made_up"],
    )


def _purpose(files: Folder, path: str, purpose_id: str) -> Purpose:
    stated = _file(files, path, PurposeFile)
    return Purpose(
        id=purpose_id,
        version=stated["version"],
        title=MappingProxyType(stated["title"]),
        description=MappingProxyType(stated["description"]),
        basis=stated["basis"],
        channels=frozenset(stated["channels"]),
        rule=stated["rule"],
        notice=stated.get("notice"),
        legal_text=stated.get("legal_text"),
        balancing_test=MappingProxyType(stated["balancing_test"]) if "balancing_test" in stated else None,
        validity=stated.get("validity"),
    )


def _notices(files: Folder, stated: Mapping[tuple[str, int], Mapping[str, Any]]) -> dict[tuple[str, int, str], Notice]:
    found: dict[tuple[str, int, str], Notice] = {}
    for path, parts in files.kind("text"):
        key = parts["id"], int(parts["version"])
        if key not in stated:
            raise PoliciesRefused(f"{path}: has no notice.yaml beside it; write it")
        text = files.texts[path]
        title = title_of(text)
        if title is None:
            raise PoliciesRefused(f"{path}, line 1: must be the title of the notice; write `# Title`")
        found[(*key, parts["language"])] = Notice(
            id=key[0],
            version=key[1],
            language=parts["language"],
            title=title,
            text=text,
            sha256=folders.text_sha256(text),
            effective_on=stated[key]["effective_on"],
        )
    for notice_id, version in stated:
        if not any(key[:2] == (notice_id, version) for key in found):
            raise PoliciesRefused(f"notices/{notice_id}/{version}: has no text; write fr.md, en.md and so on")
    return found
