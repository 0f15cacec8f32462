"""Secrets are found in a stream in every form, wherever it is cut."""

import base64
import json
import subprocess
import tracemalloc
import urllib.parse
from collections.abc import Callable, Sequence

import asyncssh
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from opsconductor.executions.redaction import MASK, Redactor, patterns_of, redacted

SECRET = "Zq8#vX's $w\"rd\\ü/+~"
PLAIN = "hunter2-Tr0ub4dor"
KEY = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()


def _redact(output: bytes, *secrets: str) -> bytes:
    return redacted(output, patterns_of([SecretStr(secret) for secret in secrets]))


def _in_pieces(pieces: Sequence[bytes], secrets: Sequence[bytes]) -> bytes:
    redactor = Redactor(patterns_of(secrets))
    return b"".join([*(redactor.feed(piece) for piece in pieces), redactor.flush()])


def _tool(*command: str, text: str) -> bytes:
    return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda s: s.encode(),
    "base64": lambda s: base64.b64encode(s.encode()),
    "base64 of a line": lambda s: base64.b64encode(f"{s}\n".encode()),
    "base64 for addresses": lambda s: base64.urlsafe_b64encode(s.encode()).rstrip(b"="),
    "hex": lambda s: s.encode().hex().encode(),
    "HEX": lambda s: s.encode().hex().upper().encode(),
    "address": lambda s: urllib.parse.quote(s, safe="").encode(),
    "path": lambda s: urllib.parse.quote(s).encode(),
    "form": lambda s: urllib.parse.quote_plus(s).encode(),
    "address in lower case": lambda s: urllib.parse.quote(s, safe="").lower().encode(),
    "every byte for an address": lambda s: "".join(f"%{byte:02X}" for byte in s.encode()).encode(),
    "JSON": lambda s: json.dumps(s)[1:-1].encode(),
    "JSON in UTF-8": lambda s: json.dumps(s, ensure_ascii=False)[1:-1].encode(),
    "JSON with escaped slashes": lambda s: json.dumps(s)[1:-1].replace("/", "\\/").encode(),
    "quoted for a shell": lambda s: s.replace("'", r"'\''").encode(),
    "printf %q": lambda s: _tool("bash", "-c", 'printf %q "$(cat)"', text=s),
    "printf %q where only ASCII is printed": lambda s: _tool(
        "env", "LC_ALL=C", "bash", "-c", 'printf %q "$(cat)"', text=s
    ).removeprefix(b"$'"),
    "shown by set -x": lambda s: _tool("bash", "-c", 'x=$(cat); echo "${x@Q}"', text=s).strip()[1:-1],
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
@pytest.mark.parametrize("secret", [SECRET, PLAIN], ids=["awkward", "plain"])
def test_a_secret_is_replaced_in_every_form(secret: str, encode: Callable[[str], bytes]) -> None:
    if encode is ENCODINGS["address in lower case"]:
        secret = secret.lower()
    shown = encode(secret)

    left = _redact(b"<" + shown + b">", secret)

    assert left.startswith(b"<" + MASK)
    assert left.removeprefix(b"<" + MASK) in {b">", b"'>", b"=>", b"==>"}
    assert _redact(b"<" + shown + b">", "another secret") == b"<" + shown + b">"


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_inside_of_what_is_encoded_by_base64_is_replaced_in_each_alignment(
    encode: Callable[[bytes], bytes], before: str
) -> None:
    shown = encode(f"{before}{SECRET}, and more".encode())
    left = _redact(shown, SECRET)

    kept_before, kept_after = left.split(MASK)
    assert len(kept_before) <= -(-len(before) * 8 // 6)  # a character that has bits of both may stay
    assert shown.endswith(kept_after)
    assert len(kept_after) <= -(-len(", and more") * 8 // 6) + 2


def _lines(text: bytes, width: int) -> bytes:
    return b"".join(text[place : place + width] + b"\n" for place in range(0, len(text), width))


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "base64 of coreutils": lambda text: _tool("base64", text=text.decode()),
    "base64 of openssl": lambda text: _lines(base64.b64encode(text), 64),
    "hex of xxd": lambda text: _lines(text.hex().encode(), 60),
}


@pytest.mark.parametrize("encode", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("before", [0, 20, 41, 43, 52])
def test_a_secret_that_an_encoder_breaks_into_lines_is_replaced(
    encode: Callable[[bytes], bytes], end: bytes, before: int
) -> None:
    text = b"b" * before + SECRET.encode() + b"a" * 70
    shown = encode(text).replace(b"\n", end)
    pieces = [shown[place : place + 1] for place in range(len(shown))]

    left = _in_pieces(pieces, [SECRET.encode()])

    assert left == _redact(shown, SECRET)
    assert left.count(MASK) == 1
    assert len(left) < len(shown) - len(base64.b64encode(SECRET.encode())) + len(MASK) + 4


def test_a_line_break_at_the_end_of_a_secret_is_no_part_of_it() -> None:
    assert _redact(b"<correct horse>", "correct horse\n") == b"<" + MASK + b">"
    assert _redact(b"<correct horse>", "correct horse\r\n") == b"<" + MASK + b">"


def test_line_breaks_of_short_lines_separate() -> None:
    output = "\n".join("12345678").encode()

    assert _redact(output, "12345678") == output


def test_a_private_key_is_replaced_whole_and_line_by_line() -> None:
    lines = [line for line in KEY.splitlines() if len(line) >= 16 and "-----" not in line]
    assert len(lines) >= 4

    assert _redact(f"key:\n{KEY}end".encode(), KEY) == b"key:\n" + MASK + b"\nend"
    for line in lines:
        assert _redact(f"> {line}\r\n".encode(), KEY) == b"> " + MASK + b"\r\n"
    for shown in (base64.encodebytes(KEY.encode()), KEY.encode().hex().encode(), json.dumps(KEY).encode()):
        left = _redact(shown, KEY)
        assert len(left) < 16
        assert MASK in left


def test_the_words_around_a_private_key_are_no_secret() -> None:
    output = b"-----BEGIN OPENSSH PRIVATE KEY-----\nof somebody else\n-----END OPENSSH PRIVATE KEY-----\n"

    assert _redact(output, KEY) == output


def test_of_secrets_that_overlap_nothing_is_left() -> None:
    assert _redact(b"(abcdefghijkl)", "abcdefgh", "efghijkl") == b"(" + MASK + b")"
    assert _redact(b"(abcdefghijkl)", "abcdefghijkl", "efgh") == b"(" + MASK + b")"


def test_secrets_beside_each_other_keep_what_is_between_them() -> None:
    assert _redact(b"(first one:second one)", "first one", "second one") == b"(" + MASK + b":" + MASK + b")"


def test_a_secret_of_less_than_four_bytes_is_left_alone() -> None:
    assert _redact(b"abc abcd", "abc") == b"abc abcd"
    assert _redact(b"abc abcd", "abcd") == b"abc " + MASK


def test_nothing_is_held_back_but_what_may_be_the_beginning_of_a_secret() -> None:
    redactor = Redactor(patterns_of([b"correct horse"]))

    assert redactor.feed(b"Password: ") == b"Password: "
    assert redactor.feed(b"is it corr") == b"is it "
    assert redactor.feed(b"upt?\n") == b"corrupt?\n"
    assert redactor.feed(b"is it corr") == b"is it "
    assert redactor.feed(b"ect horse") == MASK
    assert redactor.feed(b", corre") == b", "
    assert redactor.flush() == b"corre"


def test_without_secrets_bytes_pass_untouched() -> None:
    data = b"whatever \xff"

    assert Redactor(patterns_of([])).feed(data) is data


def test_what_is_held_back_stays_small_however_much_a_target_prints() -> None:
    redactor = Redactor(patterns_of([b"ab" * 50]))
    redactor.feed(b"ab" * 100)
    tracemalloc.start()
    for _ in range(300):
        assert redactor.feed(b"ab" * 100) == b""  # one secret after the other, each overlapping the next
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 20_000  # of 60,000
    assert redactor.flush() == b""


def test_secrets_in_use_by_many_are_prepared_once_and_forgotten_after_the_last() -> None:
    first = patterns_of([SecretStr(SECRET), SecretStr(PLAIN)])

    assert patterns_of([SecretStr(PLAIN), SecretStr(SECRET)]) is first
    assert patterns_of([SecretStr(PLAIN)]) is not first


SECRETS = st.lists(
    st.one_of(st.binary(min_size=4, max_size=24), st.text("ab'\"\\ $%+/é\n", min_size=4, max_size=30)),
    max_size=4,
).map(lambda found: [s.encode() if isinstance(s, str) else s for s in found])


@st.composite
def _outputs(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Return secrets, and an output full of them, encoded or halved, in pieces."""
    secrets = draw(SECRETS)
    encoders = st.sampled_from([bytes, base64.b64encode, base64.encodebytes, _hex, _crlf, _half])
    parts = st.one_of(st.binary(max_size=50), st.text("ab'+/=\r\n", max_size=80).map(str.encode))
    output = b""
    for _ in range(draw(st.integers(0, 6))):
        output += draw(parts)
        if secrets:
            output += draw(encoders)(draw(st.sampled_from(secrets)))
    cuts = sorted(draw(st.lists(st.integers(0, len(output)), max_size=12)))
    return secrets, [output[a:b] for a, b in zip([0, *cuts], [*cuts, len(output)], strict=True)]


def _hex(data: bytes) -> bytes:
    return data.hex().encode()


def _crlf(data: bytes) -> bytes:
    return base64.encodebytes(b"before" * 12 + data).replace(b"\n", b"\r\n")


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


@given(_outputs())
@settings(max_examples=100, deadline=None)
def test_however_a_stream_is_cut_the_same_is_left(made: tuple[list[bytes], list[bytes]]) -> None:
    secrets, pieces = made
    output = b"".join(pieces)
    bytewise = [output[place : place + 1] for place in range(len(output))]

    whole = _in_pieces([output], secrets)

    assert _in_pieces(pieces, secrets) == whole
    assert _in_pieces(bytewise, secrets) == whole
    for secret in secrets:
        if b"\n" not in secret and b"\r" not in secret:
            assert not any(secret in left for left in whole.split(MASK))
