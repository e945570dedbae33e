"""A file in a page cache: what readers see, and all that the medium may hold of it when power fails.

From one flush to the next every sector that is written keeps its versions: each may have reached the medium or not, on
its own. At a crash a sector holds one of its versions, or is torn: begins with a later version and ends with an
earlier one. The length is metadata with versions of its own: it grows sector by sector, and survives or not without
the data. Where it grew and the data did not survive, there is a gap of zeros or garbage (`Journal.WRITEBACK`); or a
length that grew comes with data at least as new as itself, so there are no gaps (`Journal.ORDERED`).

A flush that fails may drop what it should have written, and take it to be written: it is seen until the next crash, and
only a sector that is written again has another chance.

Source: Linux, Documentation/filesystems/ext4 on data=ordered and data=writeback; Pillai et al. (OSDI 2014); Rebello et
al., Can Applications Recover from fsync Failures? (ATC 2020), for ext4 and XFS.
Left out: blocks of other files in a gap; flushes that the medium lies about; failed flushes after which readers see the
old content, as on Btrfs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from checkers.simulate.choices import Choices
from checkers.simulate.medium import Journal, Medium

GARBAGE = 0xE5
"""What fills a gap that is not zeros."""
SMALL_MAX = 8
"""With more unflushed sectors than this, a file may also be kept or lost as a whole: chance would never do that."""


class Fate(Enum):
    """What becomes of what was not flushed of a file."""

    KEPT = "kept"
    LOST = "lost"
    MIXED = "mixed"
    """Each sector and the length have a fate of their own."""


@dataclass(frozen=True, slots=True)
class Version:
    """The bytes of a sector, up to the end of the file as it was, after some change of the file."""

    change: int
    content: bytes


class CachedFile:
    """A file's bytes, and what of them is flushed."""

    def __init__(self, medium: Medium, durable: bytes = b"") -> None:
        self.medium = medium
        self.content = bytearray(durable)
        self.durable = bytearray(durable)
        """What was flushed last."""
        self.versions: dict[int, list[Version]] = {}
        """What each sector held since the last flush, oldest first, by where the sector starts."""
        self.lengths: dict[int, int] = {len(durable): 0}
        """The lengths since the last flush, and after which change each was there first."""
        self._changes = 0
        self._failing: set[int] = set()

    def write(self, position: int, data: bytes) -> None:
        """Put bytes at a position, at most the end."""
        before, end, size = len(self.content), position + len(data), self.medium.sector_bytes
        assert 0 <= position <= before
        self.content[position:end] = data
        self._changed(position, end)
        for length in (*range(self.medium.start(before) + size, end, size), len(self.content)):
            self.lengths.setdefault(length, self._changes)
        self._failing = {start for start in self._failing if not position <= start <= start + size <= end}

    def truncate(self, length: int) -> None:
        """Cut to a length; what the last sector still has beyond it becomes zeros."""
        del self.content[length:]
        self._changed(length, length)
        self.lengths.setdefault(length, self._changes)
        self._failing = {start for start in self._failing if start < length}

    def _changed(self, position: int, end: int) -> None:
        """Keep the new versions of what has changed between two positions."""
        self._changes += 1
        size = self.medium.sector_bytes
        for start in range(self.medium.start(position), end, size):
            version = Version(self._changes, bytes(self.content[start : start + size]))
            self.versions.setdefault(start, []).append(version)

    def flush(self) -> None:
        """What is seen is now what survives, but for what was dropped and not written again."""
        self.durable = bytearray(self.kept())
        self._settle()

    def kept(self) -> bytes:
        """What the medium holds once all that is not flushed has reached it."""
        size, found = self.medium.sector_bytes, self.durable[: len(self.content)]
        found.extend(bytes(len(self.content) - len(found)))
        for start in self.versions:
            found[start : start + size] = self.content[start : start + size]
        return bytes(found)

    def drop(self) -> None:
        """What is not flushed never reaches the medium, and is seen all the same; the length does reach it."""
        del self.durable[len(self.content) :]
        self.durable.extend(bytes(len(self.content) - len(self.durable)))
        self._settle()

    def _settle(self) -> None:
        """Nothing waits to be flushed."""
        self.versions.clear()
        self.lengths, self._changes = {len(self.content): 0}, 0

    def fail(self, position: int) -> None:
        """Have the sector at a position fail to be read, until it is written as a whole or cut off."""
        self._failing.add(self.medium.start(position))

    def mend(self) -> None:
        """Have all sectors be read again."""
        self._failing.clear()

    def failing(self, position: int, end: int) -> bool:
        """Whether some sector of a range fails to be read."""
        return any(position < start + self.medium.sector_bytes and start < end for start in self._failing)

    def rot(self, position: int, bit: int) -> None:
        """Flip a bit, on the medium as in the cache."""
        for content in (self.content, self.durable):
            if position < len(content):
                content[position] ^= 1 << bit

    def fates(self, *, may_mix: bool | None = None) -> tuple[Fate, ...]:
        """What may become of it in a crash; unless it is said, only a large file may be kept or lost as a whole."""
        if not self.versions and len(self.lengths) == 1:
            return (Fate.KEPT,)
        if may_mix is None:
            return (Fate.MIXED,) if len(self.versions) <= SMALL_MAX else tuple(Fate)
        return tuple(Fate) if may_mix else (Fate.KEPT, Fate.LOST)

    def survivor(self, choices: Choices, name: str, fate: Fate) -> CachedFile:
        """The file as it is found after a crash."""
        content = self.kept() if fate is Fate.KEPT else bytes(self.durable)
        survivor = CachedFile(self.medium, _Crash(self, choices, name).content() if fate is Fate.MIXED else content)
        survivor._failing = {start for start in self._failing if start < len(survivor.content)}
        return survivor


class _Crash:
    """Decides what survives of a file whose sectors have fates of their own."""

    def __init__(self, file: CachedFile, choices: Choices, name: str) -> None:
        self._file, self._choices, self._name = file, choices, name
        self._length = choices.pick(tuple(reversed(file.lengths)), f"length of {name}")
        self._fill: int | None = None
        """What is in the gap; decided when it is seen."""

    def content(self) -> bytes:
        """All that survives."""
        content = bytearray(self._file.durable[: self._length])
        content.extend(bytes(self._length - len(content)))
        for start in sorted(start for start in self._file.versions if start < self._length):
            found = self._one_of(self._versions(start), start)
            content[start : start + len(found)] = found
        assert len(content) == self._length
        return bytes(content)

    def _versions(self, start: int) -> list[bytes | None]:
        """What a sector may hold, newest first; None for what was flushed, with the gap after it."""
        width = self._width(start)
        newer = self._file.versions[start]
        found: list[bytes | None] = [version.content[:width].ljust(width, b"\0") for version in reversed(newer)]
        if not self._in_gap(start):
            found.append(bytes(self._file.durable[start : start + width]))
        elif self._file.medium.journal is Journal.WRITEBACK:
            found.append(None)
        else:
            at_least = self._file.lengths[self._length]
            found = found[: 1 + sum(version.change > at_least for version in newer)]
        return list(dict.fromkeys(found))

    def _width(self, start: int) -> int:
        return min(self._file.medium.sector_bytes, self._length - start)

    def _in_gap(self, start: int) -> bool:
        """Whether the file grew into a sector."""
        return len(self._file.durable) < start + self._width(start)

    def _bytes(self, version: bytes | None, start: int) -> bytes:
        """A version of a sector; here the gap is decided."""
        if version is not None:
            return version
        if self._fill is None:
            self._fill = self._choices.pick((0, GARBAGE), f"gap in {self._name}")
        width = self._width(start)
        return bytes(self._file.durable[start : start + width]).ljust(width, bytes([self._fill]))

    def _one_of(self, versions: list[bytes | None], start: int) -> bytes:
        """A version of a sector, or one torn between two."""
        where = f"{self._name} at {start}"
        count = len(versions)
        tears = count > 1 and self._file.medium.tears_max != 0
        taken = self._choices.choose(count + tears, f"version of {where}")
        if taken < count:
            return self._bytes(versions[taken], start)
        newer = self._choices.choose(count - 1, f"torn begin of {where}")
        older = self._choices.choose(count - 1 - newer, f"torn end of {where}") + newer + 1
        begin, end = self._bytes(versions[newer], start), self._bytes(versions[older], start)
        points = tearing_points(begin, end, self._file.medium.tears_max)
        cut = self._choices.pick(points, f"tear of {where}") if points else 0
        return begin[:cut] + end[cut:]


def tearing_points(begin: bytes, end: bytes, at_most: int | None) -> Sequence[int]:
    """After how many bytes a sector may tear between two contents, so that it equals neither of them."""
    differ = [at for at, (one, other) in enumerate(zip(begin, end, strict=True)) if one != other]
    if not differ:
        return ()
    points = range(differ[0] + 1, differ[-1] + 1)
    if at_most is None or len(points) <= at_most:
        return points
    return [points[(2 * number + 1) * len(points) // (2 * at_most)] for number in range(at_most)]
