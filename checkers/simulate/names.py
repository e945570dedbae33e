"""The names on a simulated disk: directories, and what of their changes survives a crash.

Every change of names (a new, renamed or removed one) is atomic and survives for certain only after a flush of the
directory (of one of the two, for a rename from one to another). Until then, under `NameOrder.FREE`, any subset of the
changes survives, except that none survives without the former changes of the same name (so changes of one file keep
their order, too); under `NameOrder.KEPT` those up to some point survive, as in a journal.

Source: POSIX rename(2), fsync(2); Pillai et al. (OSDI 2014), table 1: directory operations persist out of order.
Left out: links; a name that survives twice for one file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from checkers.simulate.choices import Choices
from checkers.simulate.medium import Medium, NameOrder
from checkers.simulate.page_cache import CachedFile, Fate


@dataclass(eq=False, slots=True)
class Directory:
    """Names of files and directories: as they are seen, and as they were flushed."""

    seen: dict[str, Node] = field(default_factory=dict)
    flushed: dict[str, Node] = field(default_factory=dict)


Node = CachedFile | Directory


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What a name in a directory leads to from now on; nothing if it was taken away."""

    directory: Directory
    name: str
    node: Node | None


@dataclass(frozen=True, slots=True, eq=False)
class NameChange:
    """One atomic change of names."""

    what: str
    entries: tuple[Entry, ...]

    def touches(self, directory: Directory) -> bool:
        """Whether a name in a directory is changed."""
        return any(entry.directory is directory for entry in self.entries)

    def follows(self, earlier: NameChange) -> bool:
        """Whether it can't survive without an earlier one: they change the same name."""
        names = [(entry.directory, entry.name) for entry in earlier.entries]
        return any(entry.directory is d and entry.name == n for entry in self.entries for d, n in names)


class Names:
    """The tree of a disk and its unflushed changes."""

    def __init__(self, medium: Medium) -> None:
        self.root = Directory()
        self._medium = medium
        self._unflushed: list[NameChange] = []

    def change(self, change: NameChange) -> None:
        """Make a change that is seen at once."""
        for entry in change.entries:
            _enter(entry.directory.seen, entry)
        self._unflushed.append(change)

    def flush(self, directory: Directory) -> None:
        """Have the changes in a directory survive, and those that they can't survive without."""
        wanted: list[NameChange] = []
        for change in reversed(self._unflushed):
            if change.touches(directory) or (wanted and self._before(change, wanted)):
                wanted.append(change)
        for change in reversed(wanted):
            for entry in change.entries:
                _enter(entry.directory.flushed, entry)
        self._unflushed = [change for change in self._unflushed if change not in wanted]

    def _before(self, change: NameChange, later: Sequence[NameChange]) -> bool:
        return self._medium.name_order is NameOrder.KEPT or any(other.follows(change) for other in later)

    def after_crash(self, choices: Choices) -> Names:
        """The tree as it is found after a crash: its names, then what of each file survived."""
        flushed: dict[Directory, dict[str, Node]] = {}
        for change in self._survivors(choices):
            for entry in change.entries:
                _enter(flushed.setdefault(entry.directory, dict(entry.directory.flushed)), entry)
        after = Names(self._medium)
        mixed_left = self._medium.mixed_files_max
        pending = [(self.root, after.root, "")]
        while pending:
            before, directory, prefix = pending.pop()
            for name, node in sorted(flushed.get(before, before.flushed).items()):
                survivor: Node = Directory()
                if isinstance(node, CachedFile):
                    fates = node.fates(may_mix=None if mixed_left is None else mixed_left > 0)
                    fate = choices.pick(fates, f"fate of {prefix}{name}")
                    survivor = node.survivor(choices, prefix + name, fate)
                    mixed_left = None if mixed_left is None else mixed_left - (fate is Fate.MIXED)
                else:
                    assert isinstance(survivor, Directory)
                    pending.append((node, survivor, f"{prefix}{name}/"))
                directory.seen[name] = directory.flushed[name] = survivor
        return after

    def _survivors(self, choices: Choices) -> list[NameChange]:
        """The unflushed changes that survive a crash."""
        changes = self._unflushed
        if self._medium.name_order is NameOrder.KEPT:
            return changes[: len(changes) - choices.choose(len(changes) + 1, "last changes of names that are lost")]
        lost: list[NameChange] = []
        for change in changes:
            if any(change.follows(other) for other in lost) or choices.flag(f"loses {change.what}"):
                lost.append(change)
        return [change for change in changes if change not in lost]


def tree(directory: Directory, prefix: str = "") -> Iterator[tuple[str, Node]]:
    """All that is seen in a directory and below, by path; sorted, a directory before what is in it."""
    for name, node in sorted(directory.seen.items()):
        yield prefix + name, node
        if isinstance(node, Directory):
            yield from tree(node, f"{prefix}{name}/")


def _enter(names: dict[str, Node], entry: Entry) -> None:
    if entry.node is None:
        names.pop(entry.name, None)
    else:
        names[entry.name] = entry.node
