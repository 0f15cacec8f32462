"""A real S3 server for tests, which checks signatures: moto's, as a process of its own, behind a gate."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.support.servers import free_port, wait_for_port

NEEDED = ("CreateUser", "CreateAccessKey", "PutUserPolicy")
"""What is asked of the server before it wants to know who asks."""
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass
class S3Server:
    """The server, and one who may do everything there."""

    url: str
    port: int
    access_key: str = ""
    secret_key: str = ""

    def client(self, service: str = "s3") -> Any:
        """Return a client of Amazon's own library, which knows nothing of our gate."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key or "nobody",
            aws_secret_access_key=self.secret_key or "nobody",
            config=Config(retries={"max_attempts": 1}),
        )


@dataclass
class Gate:
    """A door on loopback to the server; while it is shut nobody gets through, and who was inside is thrown out."""

    behind: int
    port: int = 0
    closed: bool = False
    silent: bool = False
    """Lets everybody in and nothing through, as a network that loses packets does."""
    passing: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def shut(self) -> None:
        self.closed = True
        for writer in list(self.passing):
            writer.transport.abort()

    def open(self) -> None:
        self.closed = False

    async def let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
            return
        while self.silent:
            await asyncio.sleep(0.05)
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.behind)
        both = {writer, inner_writer}
        self.passing |= both
        try:
            await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))
        finally:
            self.passing -= both
            for one in both:
                one.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    if not writer.is_closing():
        writer.close()


@dataclass
class TestBucket:
    """A bucket of one test module, and what it takes to use it."""

    __test__ = False

    server: S3Server
    gate: Gate
    name: str
    prefix: str = "ops/main"

    @property
    def environment(self) -> dict[str, str]:
        """What a process of ours has to be told."""
        return {
            "OPSCONDUCTOR_STORAGE_URL": f"s3://{self.name}/{self.prefix}",
            "OPSCONDUCTOR_STORAGE_ENDPOINT": self.gate.url,
            "OPSCONDUCTOR_STORAGE_ACCESS_KEY": self.server.access_key,
            "OPSCONDUCTOR_STORAGE_SECRET_KEY": self.server.secret_key,
        }

    def places(self) -> list[str]:
        """Return what is in the bucket."""
        listed = self.server.client().list_objects_v2(Bucket=self.name).get("Contents", [])
        return [one["Key"].removeprefix(f"{self.prefix}/") for one in listed]

    def objects(self) -> dict[str, bytes]:
        """Return everything in the bucket, while nobody deletes there."""
        return {place: self.read(f"{self.prefix}/{place}") for place in self.places()}

    def read(self, key: str) -> bytes:
        return bytes(self.server.client().get_object(Bucket=self.name, Key=key)["Body"].read())

    def write(self, place: str, content: bytes, **more: Any) -> None:
        """Put something there behind our back."""
        key = f"{self.prefix}/{place}"
        self.server.client().put_object(Bucket=self.name, Key=key, Body=content, **more)

    def facts(self, place: str) -> dict[str, str]:
        head = self.server.client().head_object(Bucket=self.name, Key=f"{self.prefix}/{place}")
        return dict(head["Metadata"])


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The server, one for each test run."""
    port = free_port()
    log = tmp_path_factory.mktemp("s3") / "log"
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env=environment | {"INITIAL_NO_AUTH_ACTION_COUNT": str(len(NEEDED))},
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_port(port, process, "the S3 server", seconds=30)
        server = S3Server(f"http://127.0.0.1:{port}", port)
        _register(server)
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _register(server: S3Server) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="ops")
    key = iam.create_access_key(UserName="ops")["AccessKey"]
    iam.put_user_policy(UserName="ops", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    server.access_key, server.secret_key = key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture(scope="module")
async def bucket(s3_server: S3Server) -> AsyncIterator[TestBucket]:
    """An empty bucket, behind a gate that is open."""
    name = f"ops-{os.urandom(4).hex()}"
    s3_server.client().create_bucket(Bucket=name)
    gate = Gate(s3_server.port)
    door = await asyncio.start_server(gate.let_in, "127.0.0.1", 0)
    gate.port = door.sockets[0].getsockname()[1]
    yield TestBucket(s3_server, gate, name)
    await gate.shut()
    door.close()
    await door.wait_closed()


def private_folder(home: Path) -> dict[str, str]:
    """Return what gives a process a storage folder of its own, as if it were on another machine."""
    return {"OPSCONDUCTOR_STORAGE_DIR": str(home)}
