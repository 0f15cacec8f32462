"""Lines of a long output, found without reading it: a sparse index says where in the file a line is.

There is an entry for each 64 KiB of the file, not for each so many lines: lines may be one byte long or the whole file.
"""

import struct
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import BinaryIO

BLOCK = 64 * 1024  # bytes between two entries, at most, where lines are not longer
LONGEST = 16 * 1024  # bytes of a line that are shown
BUDGET = 1024 * 1024  # bytes of one answer, whatever its number of lines
MAGIC = b"opscidx1"
HEADER = struct.Struct("<8sQQQ")  # magic, bytes of the output, lines, entries


@dataclass(frozen=True)
class Line:
    """One line without its line feed; everything else in it is as it came."""

    number: int
    """Counted from 0."""
    data: bytes
    cut: bool


@dataclass
class LineIndex:
    """For some lines, where they begin; `numbers` and `offsets` belong together, and grow."""

    size: int = 0
    total: int = 0
    numbers: "array[int]" = field(default_factory=lambda: array("Q", [0]))
    offsets: "array[int]" = field(default_factory=lambda: array("Q", [0]))

    def packed(self) -> bytes:
        """Return the index as it is stored."""
        header = HEADER.pack(MAGIC, self.size, self.total, len(self.numbers))
        return header + struct.pack(f"<{2 * len(self.numbers)}Q", *self.numbers, *self.offsets)


def unpacked(data: bytes, size: int) -> LineIndex | None:
    """Return a stored index, or None where it is not one of an output of this size."""
    if len(data) < HEADER.size:
        return None
    magic, indexed, total, entries = HEADER.unpack_from(data)
    if magic != MAGIC or indexed != size or len(data) != HEADER.size + 16 * entries or not entries:
        return None
    both = struct.unpack_from(f"<{2 * entries}Q", data, HEADER.size)
    return LineIndex(size, total, array("Q", both[:entries]), array("Q", both[entries:]))


def scan(file: BinaryIO) -> LineIndex:
    """Read a file once, a block at a time; note the line that begins behind each block's last line feed."""
    index = LineIndex()
    lines = 0
    while block := file.read(BLOCK):
        if found := block.count(b"\n"):
            lines += found
            index.numbers.append(lines)
            index.offsets.append(index.size + block.rindex(b"\n") + 1)
        index.size += len(block)
    index.total = lines + (index.offsets[-1] < index.size)  # the last line need not end
    return index


def read(file: BinaryIO, index: LineIndex, first: int, limit: int) -> list[Line]:
    """Return up to `limit` lines from number `first` on, fewer where they are long."""
    lines: list[Line] = []
    left = BUDGET
    file.seek(start_of(file, index, first))
    for number in range(first, min(first + limit, index.total)):
        data = file.readline(LONGEST + 1)
        whole = data.removesuffix(b"\n")
        cut = len(whole) > LONGEST
        if cut:
            file.seek(start_of(file, index, number + 1))
        lines.append(Line(number, whole[:LONGEST], cut))
        left -= len(data)
        if left <= 0:
            break
    return lines


def start_of(file: BinaryIO, index: LineIndex, number: int) -> int:
    """Return where a line begins; at most one block is read to find it."""
    if number >= index.total:
        return index.size
    at = bisect_right(index.numbers, number) - 1
    offset, skip = index.offsets[at], number - index.numbers[at]
    if not skip:
        return offset
    # All line feeds between two entries are in the block of the later one.
    block = (index.offsets[at + 1] - 1) // BLOCK * BLOCK
    start = max(offset, block)
    file.seek(start)
    data = file.read(index.offsets[at + 1] - start)
    found = -1
    for _ in range(skip):
        found = data.index(b"\n", found + 1)
    return start + found + 1
