"""How a secret looks in output: as it is, and in the encodings that tools print. Pure calculation."""

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

LINE = 16  # characters; from this length on a line of a secret of several lines is a secret of its own
ARMOUR = re.compile(rb"-----(BEGIN|END) [A-Z0-9 ]+-----")  # says what follows, which is no secret
URL_SAFE = ("", "/", "!'()*", "~")  # beside letters, digits and "_.-": strict, paths, JavaScript, RFC 3986
SPECIAL = re.compile(rb"[^A-Za-z0-9_@%+=:./\x80-\xff-]")  # to a shell, anywhere
SPECIAL_TO_BASH = re.compile(rb"[^A-Za-z0-9_@%+=:./\x80-\xff#~-]|^[#~]|(?<=[:=])~")
CONTROL = {7: rb"\a", 8: rb"\b", 9: rb"\t", 10: rb"\n", 11: rb"\v", 12: rb"\f", 13: rb"\r", 27: rb"\E"}


def lines_of(secret: bytes) -> list[bytes]:
    """Return the lines of a secret that are worth hiding alone, as a private key is printed line by line."""
    if not re.search(rb"[\r\n]", secret):
        return []
    lines = (line.strip() for line in re.split(rb"[\r\n]+", secret))
    return [line for line in lines if len(line) >= LINE and not ARMOUR.fullmatch(line)]


def forms(secret: bytes) -> set[bytes]:
    """Return every form in which this secret is looked for."""
    return {secret, *_base64(secret), *_hex(secret), *_url(secret), *_json(secret), *_shell(secret)}


def _base64(secret: bytes) -> Iterator[bytes]:
    """Yield what is between two other texts, and what ends a text, in each of the three alignments."""
    for before in range(3):
        first = -(-8 * before // 6)  # characters before that have bits of another text
        within = 8 * (before + len(secret)) // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(bytes(before) + secret)
            yield whole[first:within]
            for end in (whole, encode(bytes(before) + secret + b"\n")):
                yield end[first:]
                yield end[first:].rstrip(b"=")


def _hex(secret: bytes) -> Iterator[bytes]:
    yield secret.hex().encode()
    yield secret.hex().upper().encode()


def _url(secret: bytes) -> Iterator[bytes]:
    for safe in URL_SAFE:
        for encoded in (quote(secret, safe=safe), quote_plus(secret, safe=safe)):
            for upper in (encoded, encoded.replace("~", "%7E")):
                yield upper.encode()
                yield re.sub(r"%..", lambda found: found[0].lower(), upper).encode()
    yield re.sub("..", r"%\g<0>", secret.hex()).encode()
    yield re.sub("..", r"%\g<0>", secret.hex().upper()).encode()


def _json(secret: bytes) -> Iterator[bytes]:
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        return
    for ascii_only in (True, False):
        plain = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        markup = re.sub("[<>&']", lambda found: f"\\u{ord(found[0]):04x}", plain)  # as for a web page
        for escaped in (plain, plain.replace("/", "\\/"), markup):
            yield escaped.encode()
            yield re.sub(r"\\u....", lambda found: "\\u" + found[0][2:].upper(), escaped).encode()


def _shell(secret: bytes) -> Iterator[bytes]:
    yield secret.replace(b"'", rb"'\''")
    yield secret.replace(b"'", b"'\"'\"'")  # Python's shlex
    yield re.sub(rb'([$`"\\!])', rb"\\\1", secret)  # within double quotes
    yield re.sub(rb'([$`"\\])', rb"\\\1", secret)
    for special in (SPECIAL, SPECIAL_TO_BASH):  # printf %q
        yield special.sub(rb"\\\g<0>", secret)
    yield _ansi_c(secret, escape_high=True)
    yield _ansi_c(secret, escape_high=False)


def _ansi_c(secret: bytes, *, escape_high: bool) -> bytes:
    """Return what a shell puts between $' and ' where something can't be printed."""
    return b"".join(_ansi_c_byte(byte, escape_high) for byte in secret)


def _ansi_c_byte(byte: int, escape_high: bool) -> bytes:
    if byte in CONTROL:
        return CONTROL[byte]
    if byte in b"'\\":
        return b"\\" + bytes([byte])
    if byte < 32 or byte == 127 or (byte > 127 and escape_high):
        return b"\\%03o" % byte
    return bytes([byte])
