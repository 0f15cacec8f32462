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


BUCKET = {"OPSCONDUCTOR_STORAGE_URL": "s3://ops-outputs/main"}
REFUSED_STORAGE: dict[str, tuple[dict[str, str], str]] = {
    "another scheme": ({"URL": "https://bucket/x"}, "must be empty or s3://bucket/prefix"),
    "no bucket": ({"URL": "s3:///x"}, "must name a bucket"),
    "a bucket in capitals": ({"URL": "s3://Bucket/x"}, "must name a bucket"),
    "credentials": ({"URL": "s3://key:hunter2hunter2@bucket/x"}, "must not hold credentials"),
    "a question": ({"URL": "s3://bucket/x?y=1"}, "must end with the prefix"),
    "a climbing prefix": ({"URL": "s3://bucket/../x"}, "has a prefix with other characters"),
    "a prefix with a blank": ({"URL": "s3://bucket/a b"}, "has a prefix with other characters"),
    "an endpoint without scheme": ({"ENDPOINT": "minio:9000"}, "must start with https://"),
    "an endpoint with a path": ({"ENDPOINT": "https://minio/bucket"}, "and nothing else"),
    "an endpoint with credentials": ({"ENDPOINT": "https://a:hunter2hunter2@minio"}, "and nothing else"),
    "an endpoint with an impossible port": ({"ENDPOINT": "https://minio:99999"}, "names no port"),
    "plain http to another machine": ({"ENDPOINT": "http://minio:9000"}, "OPSCONDUCTOR_STORAGE_PLAIN_HTTP"),
    "a key without its secret": ({"ACCESS_KEY": "key"}, "belong together"),
    "a secret without its key": ({"SECRET_KEY": "hunter2hunter2"}, "belong together"),
    "a file of certificates that is none": ({"CA_FILE": "/dev/null"}, "holds no certificate in PEM"),
    "a file of certificates that is not there": ({"CA_FILE": "/nowhere"}, "can't be read"),
}


@pytest.mark.parametrize(("given", "said"), REFUSED_STORAGE.values(), ids=REFUSED_STORAGE.keys())
def test_a_bucket_that_can_not_be_meant_is_refused_with_a_sentence(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(**BUCKET | {f"OPSCONDUCTOR_STORAGE_{name}": value for name, value in given.items()})

    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"URL": "s3://ops"},
        {"URL": "s3://ops.outputs/a/b/"},
        {"ENDPOINT": "https://minio.example.org:9000"},
        {"ENDPOINT": "http://127.0.0.1:9000"},
        {"ENDPOINT": "http://[::1]:9000"},
        {"ENDPOINT": "http://localhost:9000"},
        {"ENDPOINT": "http://minio:9000", "PLAIN_HTTP": "true"},
        {"ACCESS_KEY": "key", "SECRET_KEY": "secret"},
    ],
    ids=lambda given: " ".join(f"{name}={value}" for name, value in given.items()) or "the bucket alone",
)
def test_a_bucket_that_can_be_meant_is_taken(given: dict[str, str]) -> None:
    found = Settings(**BUCKET | {f"OPSCONDUCTOR_STORAGE_{name}": value for name, value in given.items()})

    assert found.storage_url


def test_without_a_bucket_nobody_minds_what_is_said_about_it() -> None:
    assert not Settings(OPSCONDUCTOR_STORAGE_ENDPOINT="http://minio:9000").storage_url
