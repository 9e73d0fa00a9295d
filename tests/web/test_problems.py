"""Every error of the product has a status of its own, and no problem repeats what went wrong inside."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from http import HTTPStatus

import pytest

import consentcore
import policies
import registry
import web
from consentcore.errors import (
    BadInput,
    ConfigurationError,
    ConsentCoreError,
    DecryptionFailed,
    IntegrityFailure,
    LedgerTampered,
    NotFound,
    PolicyViolation,
)
from web.problems import STATUS_OF, TYPE, problem_of, problem_of_status, status_of

CANARY = "camille@courriel.example"


def every_error() -> Iterator[type[ConsentCoreError]]:
    """Yield every error that any module declares."""
    for package in (consentcore, policies, registry, web):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    waiting: list[type[ConsentCoreError]] = [ConsentCoreError]
    while waiting:
        one = waiting.pop()
        if one.__module__.partition(".")[0] in ("consentcore", "policies", "registry", "web"):
            yield one
        waiting += one.__subclasses__()


def test_every_error_has_a_status_and_none_falls_through_to_the_root() -> None:
    seen = list(every_error())
    assert len(seen) > 15
    fallen = [one for one in seen if one is not ConsentCoreError and not any(k in STATUS_OF for k in one.__mro__[:-4])]
    assert not fallen
    for one in seen:
        error = one.__new__(one)  # some take more than a message
        ConsentCoreError.__init__(error, "x")
        problem = problem_of(error).body()
        assert problem["status"] == status_of(one) >= 400
        assert problem["type"] == TYPE + one.default_code
        assert problem["title"] == HTTPStatus(problem["status"]).phrase


def test_an_error_without_a_category_would_be_seen() -> None:
    class Stray(ConsentCoreError):
        pass

    assert not any(kind in STATUS_OF for kind in Stray.__mro__[:-4])
    assert status_of(Stray) == HTTPStatus.INTERNAL_SERVER_ERROR


@pytest.mark.parametrize("kind", [ConfigurationError, IntegrityFailure, DecryptionFailed, LedgerTampered])
def test_our_own_faults_are_not_told(kind: type[ConsentCoreError]) -> None:
    assert CANARY not in json.dumps(problem_of(kind(f"about {CANARY}")).body())


def test_the_article_and_a_code_of_its_own_are_told() -> None:
    body = problem_of(PolicyViolation("no", article="21(3)", code="opposed")).body()
    assert (body["article"], body["type"], body["status"]) == ("21(3)", TYPE + "opposed", 422)
    assert "article" not in problem_of(NotFound("gone")).body()
    assert problem_of(BadInput("a sentence")).detail == "a sentence"


@pytest.mark.parametrize("status", [one for one in HTTPStatus if one >= 400])
def test_every_status_can_be_told(status: HTTPStatus) -> None:
    body = problem_of_status(status).body()
    assert body["status"] == status and body["detail"] and body["type"].startswith(TYPE)
