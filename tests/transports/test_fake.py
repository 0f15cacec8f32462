"""The fake transport keeps the promises of a transport."""

import tarfile
import time

import pytest
from tests.transports.filework import place, source
from tests.transports.sinks import Kept

from opsconductor import transports
from opsconductor.transports import (
    Command,
    CommandTimedOut,
    ConnectionLost,
    ConnectRefused,
    Endpoint,
    Exit,
    FolderMissing,
    HostKeyChanged,
    HostKeyCheck,
    HostKeyUnapproved,
    PathMissing,
    SshLogin,
    TransportError,
)
from opsconductor.transports.fake import Answer, FakeTransport, Host, host_key_of

LOGIN = SshLogin("anybody")
ANY = HostKeyCheck(accept_new=True)


async def test_it_answers_from_its_script():
    fake = FakeTransport(
        {"db": Host(answer=lambda command: Answer(command.text.encode(), b"e", exit_code=2))}
    )

    assert await _run(fake, "db") == (Exit(2, None, clean=True), b"uptime", b"e")
    assert await _run(fake, "other") == (Exit(0, None, clean=True), b"uptime\n", b"")


async def test_it_fails_on_request():
    fake = FakeTransport({"down": Host(error=ConnectRefused(host="down", port=22))})

    with pytest.raises(ConnectRefused):
        await fake.check(Endpoint("down"), LOGIN, ANY)


async def test_it_takes_its_time():
    fake = FakeTransport(others=Host(latency=0.05, answer=lambda _: Answer(seconds=0.1)))
    started = time.monotonic()

    await _run(fake, "web")

    assert time.monotonic() - started >= 0.15


async def test_it_loses_connections_and_times_out():
    fake = FakeTransport(
        {
            "lost": Host(answer=lambda _: Answer(exit_code=None)),
            "slow": Host(answer=lambda _: Answer(seconds=60)),
        }
    )

    with pytest.raises(ConnectionLost):
        await _run(fake, "lost")
    with pytest.raises(CommandTimedOut):
        await _run(fake, "slow")


@pytest.mark.parametrize("stubborn", [False, True])
async def test_it_can_be_cancelled_unless_it_is_stubborn(stubborn):
    fake = FakeTransport(others=Host(answer=lambda _: Answer(seconds=60, stubborn=stubborn)))
    async with await fake.connect(Endpoint("web"), LOGIN, ANY) as connection:
        running = await connection.start(Command("sleep", 60), Kept())

        assert (await running.cancel(grace=0.1)).ended is not stubborn


async def test_it_checks_host_keys():
    fake = FakeTransport()
    assert await fake.scan_host_key(Endpoint("web")) == host_key_of("web")

    await fake.check(Endpoint("web"), LOGIN, HostKeyCheck(host_key_of("web")))
    with pytest.raises(HostKeyChanged):
        await fake.check(Endpoint("web"), LOGIN, HostKeyCheck(host_key_of("db"), accept_new=True))
    with pytest.raises(HostKeyUnapproved):
        await fake.check(Endpoint("web"), LOGIN, HostKeyCheck())


def test_every_error_has_a_code_of_its_own_a_sentence_and_a_kind():
    leaves = [kind for kind in _below(TransportError) if not kind.__subclasses__()]

    assert len({vars(kind)["code"] for kind in leaves}) == len(leaves) == 53
    for kind in leaves:
        assert kind.__doc__
        assert kind.__doc__.strip().endswith(".")
        assert kind.kind in ("unreachable", "failed", "timed_out", "lost")
        assert (
            not kind.retry or kind.kind == "unreachable" or kind is transports.SourceUnreachable
        )  # nothing was sent
        assert getattr(transports, kind.__name__) is kind


async def _run(fake: FakeTransport, name: str) -> tuple[Exit, bytes, bytes]:
    kept = Kept()
    async with await fake.connect(Endpoint(name), LOGIN, ANY) as connection:
        running = await connection.start(Command("uptime", 0.3), kept)
        return await running.wait(), kept.out, kept.err


def _below(kind: type) -> list[type]:
    return [found for child in kind.__subclasses__() for found in (child, *_below(child))]


async def test_its_files_are_a_tree_in_memory(tmp_path):
    fake = FakeTransport()
    fake.tree("web")["/etc/motd"] = b"hello"
    async with await fake.connect(Endpoint("web"), LOGIN, ANY) as connection, connection.files() as files:
        sent = await files.upload(source(b"new"), place("~/a"), operation_id="1")
        again = await files.upload(source(b"new"), place("/home/fake/a"), operation_id="2")
        got = await files.download("/etc", tmp_path / "etc.tar", recursive=True, limit=100)
        with pytest.raises(PathMissing):
            await files.download("/nothing", tmp_path / "x", limit=100)
        with pytest.raises(FolderMissing):
            await files.upload(source(b"new"), place("/a/b/c"), operation_id="3")

    assert (sent.state, again.state) == ("sent", "unchanged")
    assert fake.tree("web")["/home/fake/a"] == b"new"
    assert (got.files, got.is_archive) == (1, True)
    with tarfile.open(tmp_path / "etc.tar") as archive:
        assert archive.getnames() == ["etc/motd"]
