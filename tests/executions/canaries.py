"""Secrets made to be found: in credentials, in what targets print, and in a search for them in every encoding."""

import base64
import contextlib
import json
import os
import secrets
import shlex
import threading
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import asyncssh
import psutil
from ahocorasick_rs import BytesAhoCorasick

from opsconductor.stack.fleet.built_in import BuiltInServer, Login, ShellSession
from opsconductor.stack.fleet.target import IDENTITY

PASSWORDS, KEYS, LOCKED_KEYS = 70, 5, 10
LINES_OF_A_KEY = 4  # without the first, which all keys share, and without the last, which may be short
AWKWARD = ("é 'q\"", "$(x)/+", "\\n~&=", "%41;#!")

ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "base64": lambda s: base64.b64encode(s.encode()).decode().rstrip("="),
    "URL": lambda s: urllib.parse.quote(s, safe=""),
    "JSON": lambda s: json.dumps(s)[1:-1],
    "shell": lambda s: s.replace("'", "'\\''"),
    "hex": lambda s: s.encode().hex(),
}


def a_canary(number: int) -> str:
    """Return a secret that is nowhere by chance: every second one is as awkward as a password can be."""
    middle = AWKWARD[number // 2 % len(AWKWARD)] if number % 2 else "."
    return secrets.token_hex(6) + middle + secrets.token_hex(6)


@dataclass
class Holder:
    """Somebody who signs in with canaries."""

    name: str
    secret: dict[str, str]
    """What the credential gets."""
    canaries: list[str]


def holders() -> list[Holder]:
    """Return those with a password, those with a key, and those with a key and a passphrase."""
    numbers = iter(range(1000))
    made = []
    for number in range(PASSWORDS):
        password = a_canary(next(numbers))
        made.append(Holder(f"password{number}", {"password": password}, [password]))
    for number in range(KEYS):
        text = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        lines = [line for line in text.splitlines() if "-----" not in line]
        made.append(Holder(f"key{number}", {"private_key": text}, lines[1 : 1 + LINES_OF_A_KEY]))
    for number in range(LOCKED_KEYS):
        phrase = a_canary(next(numbers))
        key = asyncssh.generate_private_key("ssh-ed25519")
        text = key.export_private_key("pkcs8-pem", passphrase=phrase).decode()
        made.append(Holder(f"locked{number}", {"private_key": text, "passphrase": phrase}, [phrase]))
    return made


END = " .\n"
"""Of a line. The dot is in no encoding: else an encoding could, by chance, go on with the next line's first character,
as base64 does where its lines are broken, and two secrets would have one mask."""


class Script:
    """Files on a target, that a command prints in pieces: each ends in the middle of a secret."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, canaries: Iterable[str]) -> None:
        """Let the target know what to print for this holder."""
        folder = self._folder / name
        folder.mkdir()
        pieces, left = [], "output: "
        for text in (encode(canary) for canary in canaries for encode in ENCODINGS.values()):
            half = len(text) // 2
            pieces.append(left + text[:half])
            left = text[half:] + END
        pieces.append(left)
        for number, piece in enumerate(pieces):
            (folder / f"{number:03}").write_text(piece)
        (folder / "again").write_text("filler " * 1200 + "".join(pieces))  # longer than what rows keep

    def command(self, name: str) -> str:
        """Return a command that has no secret in it; `name` may be a variable of the target's shell."""
        folder = f"{shlex.quote(str(self._folder))}/{name}"
        slowly = f"for piece in {folder}/[0-9]*; do cat $piece; sleep 0.01; done"
        return f"{slowly}; cat {folder}/again; cat {folder}/[0-9]* >&2"


class PasswordServer(BuiltInServer):
    """A target where each holder signs in with a password of its own."""

    passwords: ClassVar[dict[str, str]] = {}

    def _login(self) -> "PasswordLogin":
        return PasswordLogin(self._spec, self._connections)


class PasswordLogin(Login):
    """Lets in whoever has the right password."""

    def begin_auth(self, username: str) -> bool:
        self._username = username
        return True

    def public_key_auth_supported(self) -> bool:
        return False

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return PasswordServer.passwords.get(username) == password

    def session_requested(self) -> ShellSession:
        return ShellSession({"PATH": os.environ["PATH"], IDENTITY: self._username})


class Search:
    """Looks for the halves of canaries in every encoding: half a secret is found, too."""

    def __init__(self, canaries: Iterable[str]) -> None:
        self._meaning: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for canary in canaries:
            for name, encode in ENCODINGS.items():
                text = encode(canary)
                for half in (text[: len(text) // 2], text[len(text) // 2 :]):
                    self._meaning[half].append((canary, name))
        self._halves = list(self._meaning)
        self._search = BytesAhoCorasick([half.encode() for half in self._halves])

    def found(self, sink: bytes) -> set[tuple[str, str]]:
        """Return which canary is there in which encoding."""
        matches = self._search.find_matches_as_indexes(sink, overlapping=True)
        return {
            meaning for number in {m[0] for m in matches} for meaning in self._meaning[self._halves[number]]
        }


def bytes_in(value: Any) -> Iterator[bytes]:
    """Yield every text and every byte string in a JSON value or a row, however deep."""
    if isinstance(value, bytes | memoryview):
        yield bytes(value)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from bytes_in(name)
            yield from bytes_in(item)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from bytes_in(item)
    else:
        yield str(value).encode()


def in_json(text: str) -> bytes:
    """Return a JSON text, and after it what its texts say."""
    return b"\n".join([text.encode(), *bytes_in(json.loads(text))])


class Watched:
    """What anybody on the machine can read about some processes and their children, while they run."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch-proc")
        self.seen: dict[str, set[bytes]] = {"cmdline": set(), "environ": set()}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for pid in self._family():
                for name, seen in self.seen.items():
                    with contextlib.suppress(OSError):  # it has ended
                        seen.add(Path(f"/proc/{pid}/{name}").read_bytes())

    def _family(self) -> Iterator[int]:
        for pid in self._pids:
            with contextlib.suppress(psutil.NoSuchProcess):
                yield from (pid, *(child.pid for child in psutil.Process(pid).children(recursive=True)))
