"""Takes secrets out of a stream of bytes, wherever the stream is cut."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, chain
from weakref import WeakValueDictionary

from ahocorasick_rs import BytesAhoCorasick
from pydantic import SecretStr

from opsconductor.executions.encodings import forms, lines_of

MASK = "•••".encode()
SHORTEST = 4  # bytes; a shorter secret is part of nearly every output

# base64, PEM and xxd break lines of 60 to 76 characters; a break after so long a line is looked through.
# The search begins with the one byte that every break has, and asks once what is before it, to be quick.
BREAK = re.compile(rb"\n(?<=[A-Za-z0-9+/=_-]{40}[A-Za-z0-9+/=_\r-]\n)")
HALF_A_BREAK = re.compile(rb"[A-Za-z0-9+/=_-]{40}\r\Z")
CONTEXT = 42  # bytes before that decide what is a break
CARRIAGE_RETURN = 13

Span = tuple[int, int]


class Patterns:
    """Every form of some secrets, ready to be looked for: one pass over a text, however many there are."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        wanted = {BREAK.sub(b"", form) for secret in secrets for form in forms(secret)}
        self._forms = sorted(form for form in wanted if len(form) >= SHORTEST)
        self._longest = max(map(len, self._forms), default=0)
        self._wholes = BytesAhoCorasick(self._forms)
        self._heads = BytesAhoCorasick({form[:SHORTEST] for form in self._forms})

    def __bool__(self) -> bool:
        return bool(self._forms)

    def find(self, text: bytes) -> list[Span]:
        """Return where forms are, in order; they may overlap."""
        found = self._wholes.find_matches_as_indexes(text, overlapping=True)
        return sorted((start, end) for _, start, end in found)

    def unfinished(self, text: bytes) -> int:
        """Return where the first form begins that may go on after the text; its length where there is none."""
        window = max(0, len(text) - self._longest + 1)
        last = max(window, len(text) - SHORTEST + 1)  # from here on there is less than a head
        heads = self._heads.find_matches_as_indexes(text[window:], overlapping=True)
        for place in chain((window + start for _, start, _ in heads), range(last, len(text))):
            if self._begins(text[place:]):
                return place
        return len(text)

    def _begins(self, text: bytes) -> bool:
        following = bisect_right(self._forms, text)
        return following < len(self._forms) and self._forms[following].startswith(text)


NOTHING = Patterns(())
_in_use: WeakValueDictionary[frozenset[str | bytes], Patterns] = WeakValueDictionary()


def patterns_of(secrets: Sequence[SecretStr | bytes]) -> Patterns:
    """Return what to look for. Made once for all who use the same secrets now; not kept when nobody does."""
    # Whole texts are compared, not their pieces: 1 instead of 20 µs for each operation that uses an SSH key.
    texts = frozenset(s if isinstance(s, bytes) else s.get_secret_value() for s in secrets)
    found = _in_use.get(texts)
    if found is None:
        pieces = {piece for text in texts for piece in _pieces(text)}
        if not pieces:
            return NOTHING
        found = _in_use[texts] = Patterns(pieces)
    return found


def _pieces(secret: str | bytes) -> Iterator[bytes]:
    """Yield a secret without line breaks around it, and those of its lines that are secrets of their own."""
    text = secret if isinstance(secret, bytes) else secret.encode()
    whole = text.replace(b"\r\n", b"\n").strip(b"\r\n")
    for piece in (whole, *lines_of(whole)):
        if len(piece) >= SHORTEST:
            yield piece


class Redactor:
    """Replaces secrets in one stream. Overlapping ones become one mask, so that nothing of either is left."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._held = b""
        self._covered = 0
        """How many of the held bytes belong to a secret whose mask is already out."""
        self._context = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return what can be shown. Held back is only what may be a secret's beginning."""
        return self._passed(data, last=False) if self._patterns else data

    def flush(self) -> bytes:
        """Return the rest: nothing follows."""
        return self._passed(b"", last=True) if self._held else b""

    def _passed(self, data: bytes, *, last: bool) -> bytes:
        raw = self._held + data
        unbroken = Unbroken(self._context, raw)
        spans = [unbroken.span(span) for span in self._patterns.find(unbroken.text)]
        return self._masked(raw, spans, len(raw) if last else self._limit(unbroken))

    def _limit(self, unbroken: "Unbroken") -> int:
        """Return where begins what has to wait for more."""
        text = unbroken.text
        begun = self._patterns.unfinished(text)
        if unbroken.may_end_in_a_break:
            before = self._patterns.unfinished(text[:-1])
            begun = min(begun, before) if before < len(text) - 1 else begun
        return unbroken.place(begun)

    def _masked(self, raw: bytes, spans: list[Span], limit: int) -> bytes:
        shown = []
        covered = self._covered
        for start, end in spans:
            if start >= limit:
                break
            if start >= covered:
                shown += [raw[covered:start], MASK]
            covered = max(covered, end)
        shown.append(raw[covered:limit])
        self._held = raw[limit:]
        self._covered = max(0, covered - limit)
        self._context = (self._context + raw[max(0, limit - CONTEXT) : limit])[-CONTEXT:]
        return b"".join(shown)


class Unbroken:
    """A text without the line breaks that are looked through."""

    def __init__(self, before: bytes, raw: bytes) -> None:
        whole = before + raw
        self._length = len(raw)
        self._breaks = [
            _break(raw, found.start() - len(before)) for found in BREAK.finditer(whole, len(before))
        ]
        self.text = self._joined(raw)
        self.may_end_in_a_break = HALF_A_BREAK.search(whole, max(0, len(whole) - CONTEXT)) is not None

    def _joined(self, raw: bytes) -> bytes:
        parts = []
        done = 0
        for start, end in self._breaks:
            parts.append(raw[done:start])
            done = end
        return b"".join([*parts, raw[done:]]) if parts else raw

    def place(self, number: int) -> int:
        """Return where a byte of the text is in what it was made of; the end of one is the end of the other."""
        if number == len(self.text):
            return self._length
        numbers, left_out = self._shifts
        return number + left_out[bisect_right(numbers, number)]

    def span(self, span: Span) -> Span:
        """Return where a part of the text is in what it was made of, without a break that follows it."""
        start, end = span
        return self.place(start), self.place(end - 1) + 1

    @cached_property
    def _shifts(self) -> tuple[list[int], list[int]]:
        """Return the numbers of the bytes that follow breaks, and how much is left out before each of them."""
        left_out = [0, *accumulate(end - start for start, end in self._breaks)]
        return [start - gone for (start, _), gone in zip(self._breaks, left_out, strict=False)], left_out


def _break(raw: bytes, place: int) -> Span:
    """Return the whole break that has its \\n there; its \\r may have gone by before."""
    return place - (place > 0 and raw[place - 1] == CARRIAGE_RETURN), place + 1


def redacted(data: bytes, patterns: Patterns) -> bytes:
    """Return a whole text without secrets."""
    redactor = Redactor(patterns)
    return redactor.feed(data) + redactor.flush()
