"""Private keys: which are understood, how often they are read, and that they do not leak."""

import asyncio
import threading
import traceback

import asyncssh
import pytest
from pydantic import SecretStr
from tests.support.sshd import running_sshd

from opsconductor.stack.fleet import keys
from opsconductor.transports import KeyUnusable, SshLogin, fingerprint
from opsconductor.transports.ssh import KeyRing, describe_private_key
from opsconductor.transports.ssh import keys as private_keys

PHRASE = "open sesame"
USUAL = 16  # rounds of key derivation, as ssh-keygen does; the 128 of asyncssh take a second


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_every_usual_kind_of_key_logs_in(transport, kind):
    async with running_sshd(client_key_type=kind) as [target]:
        await transport.check(target.endpoint, target.login, target.pinned)


async def test_a_key_with_a_passphrase_logs_in(transport, target):
    key = asyncssh.import_private_key(target.login.private_key.get_secret_value())
    sealed = _sealed(key)
    login = SshLogin(target.login.username, private_key=SecretStr(sealed), passphrase=SecretStr(PHRASE))

    assert (await transport.check(target.endpoint, login, target.pinned)).host_key == target.host_key


def test_a_key_is_described_by_kind_and_fingerprint():
    key = asyncssh.generate_private_key("ssh-ed25519", comment="laptop")

    described = describe_private_key(_sealed(key), PHRASE)

    assert described.algorithm == "ssh-ed25519"
    assert described.fingerprint == fingerprint(keys.public_line(key))
    assert described.public_key == keys.public_line(key)


@pytest.mark.parametrize("form", ["openssh", "pkcs1-pem", "pkcs8-pem"])
def test_the_usual_file_formats_are_read_with_any_line_ends(form):
    key = asyncssh.generate_private_key("ssh-rsa")
    text = key.export_private_key(form).decode().replace("\n", "\r\n")

    assert describe_private_key(f"\n  {text.strip()}\n").fingerprint == fingerprint(keys.public_line(key))


@pytest.mark.parametrize(
    ("text", "passphrase"),
    [
        ("", None),
        ("hello", None),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", None),
        ("\ud800", None),
        ("SEALED", None),
        ("SEALED", "wrong"),
        ("PUBLIC", None),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_without_being_quoted(text, passphrase):
    key = asyncssh.generate_private_key("ssh-ed25519")
    if text in (made := {"SEALED": _sealed, "PUBLIC": keys.public_line}):
        text = made[text](key)

    with pytest.raises(KeyUnusable) as refused:
        describe_private_key(text, passphrase)

    shown = "".join(traceback.format_exception(refused.value, chain=True)).split("KeyUnusable", 1)[1]
    assert "BEGIN" not in shown
    assert refused.value.kind == "failed"


async def test_an_unusable_key_stops_the_login_before_the_connection(transport, target):
    login = SshLogin("root", private_key=SecretStr("nonsense"))

    with pytest.raises(KeyUnusable):
        await transport.check(target.endpoint, login, target.pinned)


async def test_one_key_for_many_targets_is_read_once_and_the_loop_goes_on(monkeypatch):
    sealed = _sealed(asyncssh.generate_private_key("ssh-ed25519"))
    reads, going_on = [], threading.Event()
    parse = private_keys.parse

    def counted(text, passphrase):
        reads.append(text)
        assert going_on.wait(20), "nothing else was done while a key was read"
        return parse(text, passphrase)

    async def tick():
        while not reads:
            await asyncio.sleep(0.005)
        going_on.set()

    monkeypatch.setattr(private_keys, "parse", counted)
    ring = KeyRing()
    ticking = asyncio.create_task(tick())
    loaded = await asyncio.gather(*(ring.load(SecretStr(sealed), SecretStr(PHRASE)) for _ in range(500)))
    await ticking

    assert len(reads) == 1
    assert len(set(map(id, loaded))) == 1


async def test_a_cancelled_login_does_not_take_the_key_from_the_others():
    ring = KeyRing()
    sealed = _sealed(asyncssh.generate_private_key("ssh-ed25519"))
    first = asyncio.create_task(ring.load(SecretStr(sealed), SecretStr(PHRASE)))
    second = asyncio.create_task(ring.load(SecretStr(sealed), SecretStr(PHRASE)))
    await asyncio.sleep(0)

    first.cancel()

    assert (await second).get_algorithm() == "ssh-ed25519"


async def test_the_ring_forgets_the_oldest_keys_and_tells_passphrases_apart():
    ring = KeyRing(capacity=2)
    key = asyncssh.generate_private_key("ssh-ed25519")
    sealed = SecretStr(_sealed(key))

    await ring.load(sealed, SecretStr(PHRASE))
    with pytest.raises(KeyUnusable):
        await ring.load(sealed, SecretStr("another"))
    for _ in range(3):
        await ring.load(SecretStr(asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()))

    assert len(ring._parsed) == 2


def _sealed(key: asyncssh.SSHKey) -> str:
    """Return the key as text that needs `PHRASE` to be read."""
    return key.export_private_key(passphrase=PHRASE, rounds=USUAL, ignore_few_rounds=True).decode()
