"""What whoever runs it is told: by doctor, and by a stack that does not start with a bucket that can't be meant."""

import asyncio
import datetime
import json
import os
import ssl
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.s3 import TestBucket

from opsconductor.kit.settings import Settings
from opsconductor.stack import bucket as handed_on
from opsconductor.stack import nodered
from opsconductor.stack.embedded import Layout, services
from opsconductor.stack.folders import DataDir
from opsconductor.stack.problems import StackProblem
from opsconductor.storage.bucket import Bucket
from opsconductor.storage.errors import BucketAway

SOURCE = Path(__file__).parents[2] / "src"


async def _doctor(home: Path, **environment: str) -> tuple[dict[str, Any], str]:
    """Return what doctor says about the storage, and all it prints."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "opsconductor.apps.cli", "doctor", "--json", "--data-dir", str(home)),
        env=inherited | {"PYTHONPATH": str(SOURCE)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    [finding] = [found for found in json.loads(out) if found["what"] == "Storage"]
    return finding, (out + err).decode()


async def test_doctor_says_what_the_storage_is_and_what_is_wrong_with_it(
    bucket: TestBucket, tmp_path: Path
) -> None:
    wrong = {"OPSCONDUCTOR_STORAGE_SECRET_KEY": "wrong-secret-of-the-bucket"}
    local, _ = await _doctor(tmp_path)
    fine, printed = await _doctor(tmp_path, **bucket.environment)
    refused, complaint = await _doctor(tmp_path, **bucket.environment | wrong)
    malformed, _ = await _doctor(tmp_path, **bucket.environment | {"OPSCONDUCTOR_STORAGE_URL": "ftp://x"})

    assert local == {"what": "Storage", "level": "ok", "text": "the folder of the data; no bucket is set"}
    assert (fine["level"], fine["text"]) == (
        "ok",
        f"s3://{bucket.name}/{bucket.prefix} can be written, read and deleted",
    )
    assert (refused["level"], "refuses these credentials" in refused["text"]) == ("problem", True)
    assert (malformed["level"], "s3://bucket/prefix" in malformed["text"]) == ("problem", True)
    assert bucket.server.secret_key not in printed
    assert "wrong-secret" not in complaint


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, bucket: TestBucket) -> pytest.MonkeyPatch:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_services_get_the_bucket_and_its_secret_as_a_private_file(
    environment: pytest.MonkeyPatch, bucket: TestBucket, tmp_path: Path
) -> None:
    (tmp_path / "secrets").mkdir()
    given = handed_on.environment(DataDir.at(tmp_path))

    path = Path(given["OPSCONDUCTOR_STORAGE_SECRET_KEY_FILE"])
    assert given["OPSCONDUCTOR_STORAGE_URL"] == bucket.environment["OPSCONDUCTOR_STORAGE_URL"]
    assert bucket.server.secret_key not in str(given)
    assert path.read_text() == bucket.server.secret_key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_stack_does_not_start_with_a_bucket_that_can_not_be_meant(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("OPSCONDUCTOR_STORAGE_ENDPOINT", "http://minio.example.org")

    with pytest.raises(
        StackProblem, match=r"^OPSCONDUCTOR_STORAGE_ENDPOINT must start with https://.*true\.$"
    ):
        handed_on.environment(DataDir.at(tmp_path))


def test_without_a_bucket_services_get_nothing_of_it(tmp_path: Path) -> None:
    assert handed_on.environment(DataDir.at(tmp_path)) == {}


def _certificates(folder: Path) -> None:
    """Make an authority that nobody knows, and a certificate of it for loopback."""
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("authority", "server")}
    names = {name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in keys}
    now = datetime.datetime.now(datetime.UTC)
    for number, (name, key) in enumerate(keys.items(), 1):
        made = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["authority"])
            .public_key(key.public_key())
            .serial_number(number)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
            .add_extension(x509.BasicConstraints(name == "authority", None), True)
            .sign(keys["authority"], hashes.SHA256())
        )
        encoding = serialization.Encoding.PEM
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.pem").write_bytes(made.public_bytes(encoding))
        (folder / f"{name}.key").write_bytes(key.private_bytes(encoding, *plain))


@pytest.fixture
async def encrypted(bucket: TestBucket, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Settings of the same bucket behind TLS, without the certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _certificates(tmp_path)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    door = await asyncio.start_server(bucket.gate.let_in, "127.0.0.1", 0, ssl=context)
    port = door.sockets[0].getsockname()[1]
    yield bucket.environment | {"OPSCONDUCTOR_STORAGE_ENDPOINT": f"https://127.0.0.1:{port}"}
    door.close()


async def test_a_certificate_is_trusted_only_where_the_settings_say_so(
    encrypted: dict[str, str], tmp_path: Path
) -> None:
    authority = {"OPSCONDUCTOR_STORAGE_CA_FILE": str(tmp_path / "authority.pem")}
    with pytest.raises(BucketAway, match="certificate that is not trusted: see OPSCONDUCTOR_STORAGE_CA_FILE"):
        await Bucket(Settings.model_validate(encrypted)).probe()

    await Bucket(Settings.model_validate(encrypted | authority)).probe()  # the positive control


def test_only_those_that_use_the_bucket_are_told_of_it(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = DataDir.at(tmp_path)
    for folder in (data.secrets, data.run):
        folder.mkdir()
    names = ("core", "bridge", "nodered", "public", "postgres", "valkey")
    layout = Layout(
        data,
        {name: 20_000 + number for number, name in enumerate(names)},
        database_url="postgresql://db",
        migration_database_url="",
        redis_url="redis://cache",
        own_postgres=False,
        own_valkey=False,
        nodered=nodered.plan(data),
        bucket=handed_on.environment(data),
    )

    told = {
        service.name
        for service in services(layout)
        if "OPSCONDUCTOR_STORAGE_URL" in (service.environment or {})
    }

    assert told == {"core", "worker", "beat"}
