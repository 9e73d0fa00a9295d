"""What must fit together across the policy files, each rule with the article that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from consentcore.policyset import LegalBasis, Notice, PolicySet, Purpose, Rule
from policies import consent_coherence, contact_coherence, storage_coherence
from policies.notices import ITEMS, Item, sections_of
from policies.problems import Problem


def check(policy_set: PolicySet) -> list[Problem]:
    """Find everything that does not fit; an empty list means that the set can be used (R-0-1, R-6-1, R-13-1)."""
    found: list[Problem] = []
    for purpose in policy_set.purposes.values():
        for rule in _PURPOSE_RULES:
            found += rule(purpose, policy_set)
    for key in sorted({(notice.id, notice.version) for notice in policy_set.notices.values()}):
        found += _texts(key, policy_set)
    return [*found, *contact_coherence.check(policy_set), *storage_coherence.check(policy_set)]


def notice_key(name: str) -> tuple[str, int]:
    """Split `newsletter@1` into id and version, as `Purpose.notice` holds it (the schema has checked the form)."""
    notice_id, _, version = name.partition("@")
    return notice_id, int(version)


def _file(purpose: Purpose) -> str:
    return f"purposes/{purpose.id}.yaml"


def _interest_is_weighed(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    if purpose.basis is LegalBasis.LEGITIMATE_INTEREST:
        if not purpose.balancing_test:
            yield Problem("6(1)(f)", _file(purpose), "a legitimate interest needs its balancing_test; write it")
        if policy_set.controller.public_authority:
            sentence = "a public authority in its tasks cannot rest on a legitimate interest; take another basis"
            yield Problem("6(1), second subparagraph", _file(purpose), sentence)


def _law_is_named(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    if purpose.basis in (LegalBasis.LEGAL_OBLIGATION, LegalBasis.PUBLIC_TASK) and not purpose.legal_text:
        yield Problem("6(3)", _file(purpose), f"{purpose.basis} needs the law it rests on; write legal_text")


def _rule_fits_basis(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    consent = purpose.basis is LegalBasis.CONSENT
    if purpose.rule is Rule.OPT_IN and not consent:
        yield Problem("6(1)(a)", _file(purpose), f"rule opt_in needs basis consent, not {purpose.basis}; change one")
    if purpose.rule is not Rule.OPT_IN and consent:
        yield Problem("7(1)", _file(purpose), f"basis consent needs rule opt_in, not {purpose.rule}; change one")
    if purpose.validity and not consent:
        yield Problem("7", _file(purpose), "validity is the life of a consent; remove it")


def _purpose_is_translated(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    for language in policy_set.controller.languages:
        if not (purpose.title.get(language) and purpose.description.get(language)):
            yield Problem("12(1)", _file(purpose), f"title and description are wanted in {language!r}; write them")


def _purpose_is_notified(purpose: Purpose, policy_set: PolicySet) -> Iterator[Problem]:
    if purpose.notice is None:
        article = "4(11)" if purpose.basis is LegalBasis.CONSENT else "13(1)"
        yield Problem(article, _file(purpose), "names no notice; write one and name it, such as newsletter@1")
        return
    key = notice_key(purpose.notice)
    texts = [notice for notice in policy_set.notices.values() if (notice.id, notice.version) == key]
    if not texts:
        yield Problem("13(1)", _file(purpose), f"notice {purpose.notice} is not there; write it or name another")
        return
    if any(purpose.id not in notice.purposes for notice in texts):
        yield Problem(
            "13(1)(c)", _notice_file(key), f"does not name the purpose {purpose.id}, which relies on it; add it"
        )
    if any(notice.effective_on > policy_set.effective_on for notice in texts):
        yield Problem(
            "13(3)", _notice_file(key), "takes effect after the policies that use it; correct one of the dates"
        )
    if any(_hides_objection(notice) for notice in texts):
        sentence = "answers objection under the heading of another item; give it a heading of its own"
        yield Problem("21(4)", _notice_file(key), sentence)
    cut = [(notice, sections_of(notice.text)) for notice in texts]
    for item in ITEMS:
        if item.bases is None or purpose.basis in item.bases:
            yield from _item_is_said(item, cut)


_PURPOSE_RULES: tuple[Callable[[Purpose, PolicySet], Iterator[Problem]], ...] = (
    _interest_is_weighed,
    _law_is_named,
    _rule_fits_basis,
    consent_coherence.check,
    _purpose_is_translated,
    _purpose_is_notified,
)


def _hides_objection(notice: Notice) -> bool:
    apart = notice.sections.get("objection")
    return any(heading == apart for item, heading in notice.sections.items() if item != "objection")


def _item_is_said(item: Item, texts: list[tuple[Notice, dict[str, str]]]) -> Iterator[Problem]:
    for notice, said in texts:
        heading = notice.sections.get(item.name)
        if heading is None:
            sentence = f"sections.{item.name} names no heading in {notice.language!r}; write the section and name it"
            yield Problem(item.article, _notice_file((notice.id, notice.version)), sentence)
        elif not said.get(heading):
            sentence = f"says nothing under {heading!r} ({item.name}); write the section"
            yield Problem(item.article, _text_file(notice), sentence)


def _texts(key: tuple[str, int], policy_set: PolicySet) -> Iterator[Problem]:
    texts = [notice for notice in policy_set.notices.values() if (notice.id, notice.version) == key]
    controller = policy_set.controller
    for language in controller.languages:
        if (*key, language) not in policy_set.notices:
            sentence = f"has no text in {language!r}, a language of the controller; write {language}.md"
            yield Problem("12(1)", _notice_file(key), sentence)
    if len({notice.text for notice in texts}) < len(texts):
        yield Problem("12(1)", _notice_file(key), "has the same text in two languages; translate it")
    for notice in texts:
        if controller.name not in notice.text or controller.email not in notice.text:
            yield Problem("13(1)(a)", _text_file(notice), "does not give name and e-mail of the controller; add them")
        if controller.dpo_email not in notice.text:
            yield Problem("13(1)(b)", _text_file(notice), "does not give the e-mail of the DPO; add it")
        if controller.representative and controller.representative not in notice.text:
            yield Problem("13(1)(a)", _text_file(notice), "does not name the representative; add it")
    for purpose_id in texts[0].purposes:
        if purpose_id not in policy_set.purposes:
            yield Problem(
                "13(1)(c)", _notice_file(key), f"names the purpose {purpose_id}, which is not there; correct it"
            )


def _notice_file(key: tuple[str, int]) -> str:
    return f"notices/{key[0]}/{key[1]}/notice.yaml"


def _text_file(notice: Notice) -> str:
    return f"notices/{notice.id}/{notice.version}/{notice.language}.md"
