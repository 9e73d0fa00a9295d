"""What every command of the command line has in common, whoever wrote it."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import click
import pytest
from click.testing import CliRunner
from sqlalchemy.exc import OperationalError

from consentcore.errors import ConsentCoreError, LedgerTampered, PolicyViolation
from tests.builders.cli import CommandLine, command_line
from web.cli.command import Command, Failed, NotVerified, errors_as_sentences
from web.main import main


def walk(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from walk(command, (*path, name))


ALL = dict(walk(main))
LEAVES = {path: command for path, command in ALL.items() if not isinstance(command, click.Group)}


@pytest.fixture
def nowhere(tmp_path: Path) -> CommandLine:
    """An installation that was never initialised."""
    return command_line(tmp_path, f"sqlite:///{tmp_path}/main.db", f"sqlite:///{tmp_path}/keyring.db")


def test_there_are_commands() -> None:
    assert {("init",), ("import",), ("consent", "decide"), ("ledger", "verify"), ("keys", "shred")} <= set(LEAVES)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_each_explains_itself(path: tuple[str, ...]) -> None:
    for flag in ("-h", "--help"):
        result = CliRunner().invoke(main, [*path, flag])
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage: ")
    sentence = (ALL[path].help or "").strip()
    assert sentence[:1].isupper() and "." in sentence


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_each_takes_json(path: tuple[str, ...]) -> None:
    assert isinstance(LEAVES[path], Command)
    assert "--json" in CliRunner().invoke(main, [*path, "-h"]).stdout
    for parameter in LEAVES[path].params:
        if isinstance(parameter, click.Option):
            assert all(text == text.lower() and "_" not in text for text in parameter.opts), parameter.opts


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_a_mistyped_command_is_a_usage_error(path: tuple[str, ...], nowhere: CommandLine) -> None:
    for extra in (["--no-such-option"], ["--json", "one", "two", "three", "four"]):
        result = nowhere.run(*path, *extra)
        assert result.exit_code == 2
        assert result.stdout == "" and "Usage:" in result.stderr
    assert list(nowhere.folder.iterdir()) == []


@pytest.mark.parametrize("path", [(), *(path for path in ALL if path not in LEAVES)], ids=" ".join)
def test_an_unknown_command_is_a_usage_error(path: tuple[str, ...], nowhere: CommandLine) -> None:
    assert nowhere.run(*path, "no-such-command").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("subjects", "find"),
        ("subjects", "find", "--email", "a@b.example", "--subject", "00000000-0000-4000-8000-000000000000"),
        ("subjects", "find", "--subject", "no-uuid"),
        ("consent", "decide", "--purpose", "newsletter", "--channel", "smoke", "--email", "a@b.example"),
        ("consent", "decide", "--purpose", "newsletter", "--channel", "email", "--at", "2026-11-09"),
        ("keys", "destroy-epoch", "0"),
        ("import", "absent.csv", "--mapping", "absent.yaml"),
    ],
)
def test_an_impossible_option_is_a_usage_error(arguments: tuple[str, ...], nowhere: CommandLine) -> None:
    assert nowhere.run("init").exit_code == 0
    assert nowhere.run(*arguments).exit_code == 2


def test_what_was_never_initialised_is_not_made_by_looking(nowhere: CommandLine) -> None:
    for path in (("ledger", "verify"), ("keys", "status"), ("quarantine", "list"), ("ledger", "vkey")):
        result = nowhere.run(*path)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "consentcore init" in result.stderr
    assert list(nowhere.folder.iterdir()) == []


def test_an_unsafe_setting_stops_every_command(nowhere: CommandLine) -> None:
    unsafe = CommandLine(nowhere.folder, nowhere.environment | {"CONSENTCORE_DEBUG": "1"})
    for arguments in (("init",), ("ledger", "verify"), ("db", "check"), ("db", "upgrade")):
        result = unsafe.run(*arguments)
        assert result.exit_code == 1 and "CONSENTCORE_DEBUG is no setting" in result.stderr
    assert list(nowhere.folder.iterdir()) == []


def test_json_is_one_document_and_nothing_else(nowhere: CommandLine) -> None:
    for arguments in (("init",), ("keys", "status"), ("ledger", "verify"), ("ledger", "vkey"), ("db", "check")):
        result = nowhere.run(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        assert isinstance(json.loads(result.stdout), dict)
        assert result.stdout.count("\n") == 1
        plain = nowhere.run(*arguments)
        assert plain.exit_code == 0 and not plain.stdout.startswith("{")


def test_a_bare_answer_is_one_line(nowhere: CommandLine) -> None:
    nowhere("init")
    told = nowhere.run("ledger", "vkey").stdout
    assert told.strip() == nowhere("ledger", "vkey")["vkey"]
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PolicyViolation("no such thing", article="7(3)"), "no such thing [Art. 7(3)]"),
        (LedgerTampered("leaf 3 is bad", first_bad=3), "leaf 3 is bad"),
        (FileNotFoundError(2, "No such file or directory", "x.csv"), "x.csv: No such file or directory"),
        (OperationalError("SELECT secret", {"p": "secret"}, Exception("secret in a row")), "nothing was changed"),
    ],
    ids=["policy", "ledger", "file", "database"],
)
def test_an_error_becomes_one_sentence(error: Exception, told: str) -> None:
    with pytest.raises(Failed) as failed, errors_as_sentences():
        raise error
    assert told in failed.value.message and "secret" not in failed.value.message
    assert failed.value.exit_code == (3 if isinstance(error, LedgerTampered) else 1)
    assert isinstance(error, ConsentCoreError) or "\n" not in failed.value.message


def test_a_failed_verification_has_a_code_of_its_own() -> None:
    with pytest.raises(NotVerified) as refused, errors_as_sentences():
        raise NotVerified("no", {"ok": False})
    assert refused.value.exit_code == 3


def test_an_error_of_ours_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError), errors_as_sentences():
        _ = 1 / 0


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_each_gives_an_answer_that_json_can_hold(path: tuple[str, ...]) -> None:
    """Read in the source: a command returns its answer, it does not print it."""
    callback = LEAVES[path].callback
    assert callback is not None
    tree = ast.parse(dedent(inspect.getsource(callback)))
    assert any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(tree))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "print"]
