"""What is kept of an output: rows and files have it without secrets, and agree with each other."""

import hashlib
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from opsconductor.executions import outputs
from opsconductor.executions.outputs import HEAD, TAIL, Capture
from opsconductor.storage.folder import Folder
from opsconductor.transports.errors import OutputLimit

SECRET = "correct horse battery"
MASK = "•••".encode()


def _capture(root: Path) -> Capture:
    return Capture(Folder(root), UUID(int=1), 1, secrets=[SecretStr(SECRET)])


def _pieces(text: bytes, size: int) -> list[bytes]:
    return [text[place : place + size] for place in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_head_tail_file_size_and_hash_are_those_of_the_output_without_secrets(
    tmp_path: Path, size: int
) -> None:
    filler = b"x" * (HEAD - 10)
    printed = filler + SECRET.encode() + filler + SECRET.encode() + b"end"
    with _capture(tmp_path) as capture:
        for piece in _pieces(printed, size):
            capture.stdout(piece)

    kept = capture.columns()
    wanted = filler + MASK + filler + MASK + b"end"
    assert (tmp_path / str(kept["output_path"])).read_bytes() == wanted
    assert kept["output_head"] == wanted[:HEAD]
    assert kept["output_tail"] == wanted[HEAD:][-TAIL:]
    assert kept["output_bytes"] == kept["output_kept"] == len(wanted)
    assert kept["output_sha256"] == hashlib.sha256(wanted).digest()


def test_the_two_streams_are_searched_each_for_itself(tmp_path: Path) -> None:
    with _capture(tmp_path) as capture:
        capture.stdout(SECRET[:10].encode())
        capture.stderr(SECRET.encode())
        capture.stdout(SECRET[10:].encode())

    assert (capture.columns()["output_head"], capture.columns()["error_head"]) == (MASK, MASK)


def test_what_only_began_like_a_secret_is_kept_at_the_end(tmp_path: Path) -> None:
    with _capture(tmp_path) as capture:
        capture.stdout(b"this is correct h")

    assert capture.columns()["output_head"] == b"this is correct h"
    assert capture.columns()["output_bytes"] == 17


def test_what_is_masked_counts_for_the_limit_as_it_was_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "HARD_LIMIT", 10 * len(SECRET))
    with _capture(tmp_path) as capture:
        capture.stdout(SECRET.encode() * 10)
        with pytest.raises(OutputLimit):
            capture.stdout(b".")

    assert capture.columns()["output_head"] == MASK * 10 + b"."
