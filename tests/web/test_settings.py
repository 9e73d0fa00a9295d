"""Settings: safe by default; what is unsafe, unknown or unreadable is refused by name before anything starts."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consentcore.crypto.signing import Signer
from consentcore.errors import ConfigurationError
from consentcore.ledger.cosigning import Cosigner
from web.settings import DEFAULTS, PREFIX, read_settings

WITNESS = Cosigner("witness.example/a", bytes(32)).vkey
OTHER_WITNESS = Cosigner("witness.example/b", bytes(range(32))).vkey
ROOT = Path(__file__).resolve().parent.parent.parent


def test_an_empty_environment_is_a_safe_one() -> None:
    settings = read_settings({})
    assert settings.env == "production"
    assert settings.database_url == "sqlite:///var/consentcore.db"
    assert settings.keyring_url == "sqlite:///var/keyring.db"
    assert settings.kek == "file:var/kek.json"
    assert (settings.policies, settings.fixed_now) == (None, None)
    assert (settings.prepare_threshold, settings.pool_size) == (5, 5)
    assert settings.base_url.startswith("http://127.0.0.1")


def test_empty_and_blank_variables_are_the_defaults() -> None:
    assert read_settings({PREFIX + name: "  " for name in DEFAULTS}) == read_settings({})


def test_other_peoples_variables_are_none_of_ours() -> None:
    assert read_settings({"PATH": "/bin", "CONSENT": "x", "consentcore_env": "y"}) == read_settings({})


def test_every_setting_is_read() -> None:
    given = {
        "ENV": "development",
        "DATABASE_URL": "postgresql://one@127.0.0.1/main",
        "MIGRATE_URL": "postgresql://owner@127.0.0.1/main",
        "KEYRING_URL": "mariadb://one@127.0.0.1/keyring",
        "KEK": "env:CONSENTCORE_KEY_OF_OURS",
        "POLICIES": "ours",
        "MAIL": "file:ours",
        "BASE_URL": "https://courriel.example",
        "PREPARE_THRESHOLD": "none",
        "POOL_SIZE": "7",
        "NOW": "2026-11-09T10:00:00+01:00",
        "CRASH_AT": "erasure.keys",
        "TSA": "http://tsa.example/tsr",
        "TSA_CA": "tsa.pem",
        "WITNESSES": f"{WITNESS} https://witness.example\n{OTHER_WITNESS} http://127.0.0.1:8100/w",
        "CHECKPOINT_MAIL": "dpo@courriel.example",
    }
    assert set(given) == set(DEFAULTS)
    settings = read_settings({PREFIX + name: text for name, text in given.items()} | {"CONSENTCORE_KEY_OF_OURS": "k"})
    assert settings.prepare_threshold is None
    assert settings.pool_size == 7
    assert settings.crash_at == "erasure.keys"
    assert settings.policies == Path("ours")
    assert settings.now() == datetime(2026, 11, 9, 9, tzinfo=UTC)
    assert (settings.tsa, settings.tsa_ca) == ("http://tsa.example/tsr", Path("tsa.pem"))
    assert [(one.key.text(), one.url) for one in settings.witnesses] == [
        (WITNESS, "https://witness.example"),
        (OTHER_WITNESS, "http://127.0.0.1:8100/w"),
    ]
    same = read_settings({})
    differ = [f.name for f in dataclasses.fields(settings) if getattr(settings, f.name) != getattr(same, f.name)]
    assert len(differ) == len(DEFAULTS)


def test_settings_do_not_change_later() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_settings({}).env = "development"  # type: ignore[misc]


def test_the_clock_runs_unless_development_holds_it() -> None:
    before = datetime.now(UTC)
    assert before <= read_settings({}).now() <= datetime.now(UTC)


LOG = Signer("consentcore/log", bytes(32)).vkey
REFUSED: dict[str, dict[str, str]] = {
    "another environment": {"ENV": "staging"},
    "the clock held still in production": {"NOW": "2026-11-09T10:00:00Z"},
    "a clock without a zone": {"ENV": "development", "NOW": "2026-11-09T10:00:00"},
    "no instant": {"ENV": "development", "NOW": "tomorrow"},
    "an owner on another database": {
        "DATABASE_URL": "postgresql://one@127.0.0.1/main",
        "MIGRATE_URL": "postgresql://owner@127.0.0.1/other",
    },
    "one role under two names": {
        "DATABASE_URL": "postgresql://one@127.0.0.1/main",
        "MIGRATE_URL": "postgresql://one@127.0.0.1:5432/main",
    },
    "an owner where there are no roles": {"MIGRATE_URL": "sqlite:///var/consentcore.db"},
    "keys beside the data": {"KEYRING_URL": DEFAULTS["DATABASE_URL"]},
    "keys beside the data, by another driver's name": {
        "DATABASE_URL": "postgresql://a@b/c",
        "KEYRING_URL": "postgresql+psycopg://a@b/c",
    },
    "no URL": {"DATABASE_URL": "main.db"},
    "sessions without TLS": {"BASE_URL": "http://privacy.example"},
    "no site": {"BASE_URL": "privacy.example"},
    "half an address": {"BASE_URL": "https://[::1"},
    "an address with a secret": {"BASE_URL": "https://a:b@privacy.example"},
    "a database never run": {"DATABASE_URL": "oracle://a@b/c"},
    "no keyring's URL": {"KEYRING_URL": "keyring"},
    "no pool": {"POOL_SIZE": "0"},
    "a negative pool": {"POOL_SIZE": "-1"},
    "a pool without end": {"POOL_SIZE": "501"},
    "no number": {"POOL_SIZE": "five"},
    "digits of another script": {"POOL_SIZE": "٥"},
    "no threshold": {"PREPARE_THRESHOLD": "never"},
    "tokens that nobody can check": {"TSA": "https://tsa.example"},
    "no authority's address": {"TSA": "ftp://tsa.example", "TSA_CA": "x"},
    "a secret in the authority's address": {"TSA": "https://a:b@tsa.example", "TSA_CA": "x"},
    "half an authority's address": {"TSA": "http://[::1", "TSA_CA": "x"},
    "an authority's address with a line break": {"TSA": "http://tsa.example/a\r\nb", "TSA_CA": "x"},
    "a witness without an address": {"WITNESSES": WITNESS},
    "a witness over the net without TLS": {"WITNESSES": f"{WITNESS} http://witness.example"},
    "a log's key as a witness": {"WITNESSES": f"{LOG} https://witness.example"},
    "a witness that counts twice": {"WITNESSES": f"{WITNESS} https://a.example\n{WITNESS} https://b.example"},
    "a witness's address with a question": {"WITNESSES": f"{WITNESS} https://a.example/?x=1"},
    "no address to mail to": {"CHECKPOINT_MAIL": "dpo"},
    "two addresses to mail to": {"CHECKPOINT_MAIL": "a@b.example,c@d.example"},
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_used_is_refused(what: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings({PREFIX + name: text for name, text in REFUSED[what].items()})
    sentence = str(refused.value)
    assert "\n" not in sentence and len(sentence) > 20


@pytest.mark.parametrize("name", ["DATABASE", "DATABSE_URL", "KEK_FILE", "DEBUG"])
def test_a_mistyped_variable_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{PREFIX}{name} is no setting"):
        read_settings({PREFIX + name: "x"})


def test_variables_of_the_suite_and_of_the_key_are_known() -> None:
    assert read_settings({f"{PREFIX}TEST_DATA": "x"}) == read_settings({})
    environ = {f"{PREFIX}KEK": f"env:{PREFIX}MY_KEY", f"{PREFIX}MY_KEY": "1:xxxx"}
    assert read_settings(environ).kek == f"env:{PREFIX}MY_KEY"
    with pytest.raises(ConfigurationError, match="MY_KEY"):
        read_settings({f"{PREFIX}MY_KEY": "1:xxxx"})


def test_a_secret_in_a_url_is_not_told() -> None:
    secret = "s3cr3t-of-ours"
    for environ in (
        {"DATABASE_URL": f"oracle://a:{secret}@b/c"},
        {"DATABASE_URL": f"postgresql://a:{secret}@b/c", "KEYRING_URL": f"postgresql://a:{secret}@b/c"},
        {"DATABASE_URL": f"a:{secret}@b"},
    ):
        with pytest.raises(ConfigurationError) as refused:
            read_settings({PREFIX + name: text for name, text in environ.items()})
        assert secret not in str(refused.value)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `CONSENTCORE_(\w+)` \| ([^|]*) \|", (ROOT / "docs/settings.md").read_text("utf-8"), re.M)
    documented = {name: default.strip().strip("`") for name, default in rows}
    assert documented == {name: default or "empty" for name, default in DEFAULTS.items()}
