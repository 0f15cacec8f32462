"""Lines of outputs, found by a sparse index: the same as reading everything, without doing so."""

import io
import random

import pytest

from opsconductor.executions import lines
from opsconductor.executions.lines import BLOCK, LONGEST, LineIndex


def _indexed(data: bytes) -> tuple[io.BytesIO, LineIndex]:
    file = io.BytesIO(data)
    return file, lines.scan(file)


def _texts(data: bytes, first: int = 0, limit: int = 100) -> list[bytes]:
    file, index = _indexed(data)
    return [line.data for line in lines.read(file, index, first, limit)]


@pytest.mark.parametrize(
    ("data", "total"),
    [(b"", 0), (b"\n", 1), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\n\n", 3), (b"a\n\nb\n", 3)],
)
def test_a_line_feed_ends_a_line_and_the_last_line_need_not_end(data: bytes, total: int) -> None:
    assert _indexed(data)[1].total == total
    assert len(_texts(data)) == total


def test_whatever_else_is_in_a_line_stays_as_it_came() -> None:
    progress = b"10%\r50%\r100%\r\n\x1b[31mred\x1b[0m\nnot \xff utf-8\x00\n"

    assert _texts(progress) == [b"10%\r50%\r100%\r", b"\x1b[31mred\x1b[0m", b"not \xff utf-8\x00"]


def _random_output(seed: int) -> bytes:
    """Return lines from nothing to three blocks long, in a mixture that differs with the seed."""
    rolled = random.Random(seed)
    longest = rolled.choice([3, 80, 5000, BLOCK * 3])
    sizes = [rolled.randrange(longest) for _ in range(rolled.randrange(1, 400_000 // longest + 40))]
    data = b"\n".join(bytes([65 + n % 26]) * size for n, size in enumerate(sizes))
    return data + rolled.choice([b"", b"\n", b"\n\n"])


@pytest.mark.parametrize("seed", range(12))
def test_every_line_begins_where_it_begins_when_all_is_read(seed: int) -> None:
    data = _random_output(seed)
    file, index = _indexed(data)
    begins = [0, *(at + 1 for at, byte in enumerate(data) if byte == 10)]

    looked_at = random.Random(seed).sample(range(index.total), min(index.total, 200))
    assert [lines.start_of(file, index, n) for n in looked_at] == [begins[n] for n in looked_at]
    assert index.total == data.count(b"\n") + (not data.endswith(b"\n"))


@pytest.mark.parametrize("seed", range(12))
def test_pages_together_are_the_output(seed: int) -> None:
    data = _random_output(seed)
    file, index = _indexed(data)
    found: list[lines.Line] = []
    while len(found) < index.total:
        page = lines.read(file, index, len(found), 700)
        assert page, "a page must bring us on"
        found += page

    expected = data.removesuffix(b"\n").split(b"\n")
    assert [line.data for line in found] == [line[:LONGEST] for line in expected]
    assert [line.cut for line in found] == [len(line) > LONGEST for line in expected]
    assert [line.number for line in found] == list(range(index.total))


def test_a_very_long_line_is_cut_and_the_next_one_is_found() -> None:
    file, index = _indexed(b"first\n" + b"x" * 5_000_000 + b"\nlast\n")
    first, long, last = lines.read(file, index, 0, 10)

    assert (first.data, last.data) == (b"first", b"last")
    assert (len(long.data), long.cut) == (LONGEST, True)


def test_an_answer_has_a_limit_in_bytes_too() -> None:
    file, index = _indexed((b"x" * 10_000 + b"\n") * 1000)
    page = lines.read(file, index, 0, 1000)

    assert sum(len(line.data) for line in page) <= lines.BUDGET + LONGEST
    assert len(page) > 90


def test_a_stored_index_is_the_same_and_one_of_another_output_is_refused() -> None:
    _, index = _indexed(_random_output(1))
    stored = index.packed()

    assert lines.unpacked(stored, index.size) == index
    assert lines.unpacked(stored, index.size + 1) is None
    assert lines.unpacked(stored[:-3], index.size) is None
    assert lines.unpacked(b"", 0) is None
    assert lines.unpacked(b"something" * 20, index.size) is None


class _Counted(io.BytesIO):
    """Counts the bytes that are read of it."""

    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        data = super().readline(size)
        self.read_bytes += len(data)
        return data


def test_a_page_in_the_middle_reads_one_block_and_itself() -> None:
    file = _Counted(b"".join(b"%07d\n" % n for n in range(500_000)))
    index = lines.scan(file)
    file.read_bytes = 0
    [line] = lines.read(file, index, 400_000, 1)

    assert line.data == b"0400000"
    assert file.read_bytes <= BLOCK + LONGEST
