"""Settings: what they are read from, and with what a process does not start."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.support.core import SECRET_KEY

from opsconductor.kit.settings import FROM_FILE, Settings, SettingsProblem, settings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing to us, and settings that are read anew."""
    for name in FROM_FILE:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


WEAK = {
    "short": "0123456789abcdef",
    "of few characters": "abababababababababababababababababab",
    "known from examples": "changeme-" + SECRET_KEY,
    "known from examples, in capitals": "SECRET-" + SECRET_KEY,
}


@pytest.mark.parametrize("secret", WEAK.values(), ids=WEAK.keys())
def test_a_weak_secret_key_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError, match="SECRET_KEY is too weak"):
        Settings(SECRET_KEY=secret)


def test_a_random_secret_key_is_accepted() -> None:
    assert Settings(SECRET_KEY=SECRET_KEY).secret_key.get_secret_value() == SECRET_KEY


def test_a_refusal_does_not_quote_the_secrets() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(SECRET_KEY="hunter2hunter2", DATABASE_URL="postgresql://ops:pa55word@db/ops")

    assert "hunter2" not in str(refused.value)
    assert "pa55word" not in str(refused.value)


def test_secrets_are_not_printed_with_the_settings() -> None:
    printed = repr(Settings(SECRET_KEY=SECRET_KEY, DATABASE_URL="postgresql://ops:pa55word@db/ops"))

    assert SECRET_KEY not in printed
    assert "pa55word" not in printed


@pytest.mark.parametrize("name", FROM_FILE)
def test_every_secret_can_come_from_a_file(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "value").write_text(SECRET_KEY + "\n")
    environment.setenv(f"{name}_FILE", str(tmp_path / "value"))

    fields = {field.alias: key for key, field in Settings.model_fields.items()}
    assert getattr(settings(), fields[name]).get_secret_value() == SECRET_KEY


@pytest.mark.parametrize("name", FROM_FILE)
def test_a_secret_given_twice_is_refused(environment: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "value").write_text(SECRET_KEY)
    environment.setenv(name, SECRET_KEY)
    environment.setenv(f"{name}_FILE", str(tmp_path / "value"))

    with pytest.raises(SettingsProblem, match=f"{name} and {name}_FILE are both set"):
        settings()


def test_a_file_that_can_not_be_read_is_named(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("SECRET_KEY_FILE", str(tmp_path / "nowhere"))

    with pytest.raises(SettingsProblem, match="nowhere can't be read"):
        settings()


def test_a_secret_that_a_process_needs_must_be_there() -> None:
    with pytest.raises(SettingsProblem, match="DATABASE_URL_FILE"):
        Settings(SECRET_KEY=SECRET_KEY).require("secret_key", "database_url")


OUT_OF_BOUNDS = {
    "OPSCONDUCTOR_MAX_PARALLEL": "0",
    "OPSCONDUCTOR_LEASE_SECONDS": "-1",
    "OPSCONDUCTOR_SESSION_HOURS": "for ever",
    "OPSCONDUCTOR_LOG_FORMAT": "xml",
    "OPSCONDUCTOR_PUBLIC_URL": "javascript:alert(1)",
}


@pytest.mark.parametrize(("name", "value"), OUT_OF_BOUNDS.items(), ids=OUT_OF_BOUNDS.keys())
def test_a_value_out_of_bounds_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})


ORIGINS = {
    "http://127.0.0.1:8080": "http://127.0.0.1:8080",
    "https://ops.example.org/": "https://ops.example.org",
    "https://ops.example.org:443": "https://ops.example.org",
    "https://tools.example.org/ops/": "https://tools.example.org",
}


@pytest.mark.parametrize(("url", "origin"), ORIGINS.items(), ids=ORIGINS.keys())
def test_the_public_origin_is_what_a_browser_names(url: str, origin: str) -> None:
    assert Settings(OPSCONDUCTOR_PUBLIC_URL=url).public_origin == origin
