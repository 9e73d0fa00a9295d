"""What the files state, piece by piece, as the frozen values of `consentcore.policyset`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from consentcore.policyset import Controller, DeadlinePack, Notice, Purpose, Recipient, RetentionRule
from policies import folder as folders
from policies import strict_yaml
from policies.folder import Folder, PoliciesRefused
from policies.notices import title_of
from policies.schema import ControllerFile, NoticeFile, PurposeFile, shaped
from policies.storage_schema import DeadlineFile, RecipientsFile, RetentionFile


def stated_in(files: Folder, path: str, schema: Any) -> dict[str, Any]:
    """Read one file against its shape.

    Raises: PoliciesRefused, UnreadableFile.
    """
    try:
        text = files.texts[path]
    except KeyError:
        raise PoliciesRefused(
            f"{path}: is missing; write it, or point CONSENTCORE_POLICIES at the right folder"
        ) from None
    return shaped(schema, strict_yaml.parse(text, path), path)


def controller(files: Folder) -> Controller:
    """Read `controller.yaml`."""
    stated = stated_in(files, "controller.yaml", ControllerFile)
    dpo = stated.pop("dpo")
    stated["languages"] = tuple(stated["languages"])
    return Controller(**stated, dpo_name=dpo["name"], dpo_email=dpo["email"])


def purposes(files: Folder) -> dict[str, Purpose]:
    """Read every `purposes/<id>.yaml`.

    Raises: PoliciesRefused, where there is none.
    """
    found = {parts["id"]: _purpose(files, path, parts["id"]) for path, parts in files.kind("purpose")}
    if not found:
        raise PoliciesRefused("purposes: holds no purpose; write purposes/<id>.yaml")
    return found


def _purpose(files: Folder, path: str, purpose_id: str) -> Purpose:
    stated = stated_in(files, path, PurposeFile)
    for key in ("title", "description", "balancing_test", "conditional_review", "compatibility_test"):
        if key in stated:
            stated[key] = MappingProxyType(stated[key])
    for key in ("channels", "data", "special_categories", "double_opt_in"):
        stated[key] = frozenset(stated[key])
    for key in ("recipients", "partners"):
        stated[key] = tuple(stated[key])
    stated.setdefault("notice", None)
    return Purpose(id=purpose_id, **stated)


def notices(files: Folder) -> dict[tuple[str, int, str], Notice]:
    """Read every version of every notice, in every language.

    Raises: PoliciesRefused, for a text without its notice.yaml, a notice.yaml without texts, a text without title.
    """
    stated = {
        (parts["id"], int(parts["version"])): stated_in(files, path, NoticeFile) for path, parts in files.kind("notice")
    }
    found = {notice_key(notice): notice for notice in _texts(files, stated)}
    for notice_id, version in stated:
        if not any(key[:2] == (notice_id, version) for key in found):
            raise PoliciesRefused(f"notices/{notice_id}/{version}: has no text; write fr.md, en.md and so on")
    return found


def notice_key(notice: Notice) -> tuple[str, int, str]:
    """Give the key of a notice in `PolicySet.notices`."""
    return notice.id, notice.version, notice.language


def _texts(files: Folder, stated: Mapping[tuple[str, int], Mapping[str, Any]]) -> Iterator[Notice]:
    for path, parts in files.kind("text"):
        key, language = (parts["id"], int(parts["version"])), parts["language"]
        if key not in stated:
            raise PoliciesRefused(f"{path}: has no notice.yaml beside it; write it")
        text = files.texts[path]
        title = title_of(text)
        if title is None:
            raise PoliciesRefused(f"{path}, line 1: must be the title of the notice; write `# Title`")
        headings = stated[key]["sections"].items()
        yield Notice(
            id=key[0],
            version=key[1],
            language=language,
            title=title,
            text=text,
            sha256=folders.text_sha256(text),
            effective_on=stated[key]["effective_on"],
            purposes=tuple(stated[key]["purposes"]),
            sections=MappingProxyType({item: texts[language] for item, texts in headings if language in texts}),
        )


def retention(files: Folder) -> tuple[dict[str, Mapping[str, str]], dict[str, RetentionRule]]:
    """Read `retention.yaml`: the classes of data by name, and the rules."""
    stated = stated_in(files, "retention.yaml", RetentionFile)
    classes: dict[str, Mapping[str, str]] = {
        name: MappingProxyType(titles) for name, titles in stated["classes"].items()
    }
    return classes, {rule_id: _rule(rule_id, rule) for rule_id, rule in stated["rules"].items()}


def _rule(rule_id: str, stated: Mapping[str, Any]) -> RetentionRule:
    return RetentionRule(
        id=rule_id,
        data=stated["data"],
        purpose=stated.get("purpose"),
        starts=stated["starts"],
        period=stated.get("period"),
        then=stated["then"],
        legal_text=stated["legal_text"],
        article=stated["article"],
        status=stated["status"],
        archived_on=tuple(stated["archived_on"]),
        unconfirmed=tuple(stated["unconfirmed"]),
    )


def deadlines(files: Folder) -> dict[str, DeadlinePack]:
    """Read every `deadlines/<country>.yaml`, by country in capitals.

    Raises: PoliciesRefused, where the one of the Union is missing.
    """
    found = {parts["country"].upper(): path for path, parts in files.kind("deadlines")}
    found.setdefault("EU", "deadlines/eu.yaml")
    return {country: _pack(country, stated_in(files, path, DeadlineFile)) for country, path in found.items()}


def _pack(country: str, stated: dict[str, Any]) -> DeadlinePack:
    return DeadlinePack(
        id=f"{country}@{stated['version']}",
        country=country,
        version=stated["version"],
        effective_on=stated["effective_on"],
        reply=stated["reply"],
        extension=stated["extension"],
        breach_hours=stated["breach_hours"],
        holiday_country=stated.get("holiday_country"),
        strict=stated["strict"],
        sources=tuple(stated["sources"]),
        unconfirmed=tuple(stated["unconfirmed"]),
    )


def recipients(files: Folder) -> dict[str, Recipient]:
    """Read `recipients.yaml`."""
    stated = stated_in(files, "recipients.yaml", RecipientsFile)["recipients"]
    return {
        recipient_id: Recipient(
            id=recipient_id,
            name=MappingProxyType(one["name"]),
            kind=one["kind"],
            country=one["country"],
            email=one.get("email"),
        )
        for recipient_id, one in stated.items()
    }
