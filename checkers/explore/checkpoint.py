"""Checkpoints: a search saved from time to time, so that one that was killed goes on where it was.

The file is written next to itself and renamed, so there is always a whole one; it is a zip of plain arrays with check
sums and holds the states, not the tables, which are built again. Whether to save depends on the states found since, not
on the clock.
"""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from checkers.explore.search import Broken, Search
from checkers.verdict import UserError

FORMAT = "logproof-checkpoint"
VERSION = 1
SAVE_AFTER = 0.25
"""Save when the states have grown by this share since the last time, and by at least `SAVE_AT_LEAST`."""
SAVE_AT_LEAST = 100_000

DAMAGES = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
)
"""What a file that is damaged, or none of ours, raises when it is read."""


class Checkpoint:
    """The checkpoint of one search."""

    def __init__(self, search: Search, path: Path) -> None:
        """`path` need not exist; its folder must."""
        self.search, self.path = search, path
        self.saved = 0
        if not path.parent.is_dir():
            raise UserError(f"--checkpoint {path}: the folder {path.parent} does not exist")

    def attach(self) -> None:
        """Resume from the file if it is there, and save to it from now on."""
        if self.path.exists():
            self.resume()
        self.search.on_round = self.after_round

    def after_round(self) -> None:
        """Save if there is enough that is new."""
        count = self.search.store.count
        if count - self.saved >= max(SAVE_AT_LEAST, SAVE_AFTER * self.saved):
            self.save()

    def identity(self) -> dict[str, Any]:
        """What a search must have in common with a checkpoint to go on from it."""
        search = self.search
        return {
            "format": FORMAT,
            "version": VERSION,
            "source": search.compiled.module.__name__,
            "variant": search.instance.variant.name,
            "switched_off": sorted(search.instance.switched_off),
            "properties": list(search.properties.names),
            "deadlock": search.options.deadlock,
            "hash_bits": search.options.hash_bits,
        }

    def save(self) -> None:
        """Write the file anew. A disk that is full or can't be written raises UserError and leaves the old file."""
        search = self.search
        counters, step = search.counters, search.broken_step
        header = self.identity() | {
            "depth": counters.depth,
            "met": sorted(counters.met.items()),
            "fired": [int(n) for n in counters.fired],
            "control": [int(n) for n in search.control],
            "pieces": list(search.pieces),
            "levels": [[p.begin, p.end, p.known, getattr(p, "filled", 0)] for p in search.store.partitions],
            "broken_step": None if step is None else [step.reason, step.which, step.words, step.number, step.depth],
        }
        arrays = {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}
        for number, partition in enumerate(search.store.partitions):
            arrays |= {f"{name}{number}": array for name, array in saved_arrays(partition).items()}
        new = self.path.with_name(self.path.name + ".new")
        try:
            with new.open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            new.replace(self.path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise UserError(
                f"--checkpoint {self.path}: can't be written ({error.strerror}); the last is untouched"
            ) from error
        self.saved = search.store.count

    def resume(self) -> None:
        """Bring the search to where the file was saved. Raises UserError for a damaged file or another search's."""
        try:
            with self.path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                header = json.loads(bytes(file["header"]))
                self.compare(header)
                self.restore(header, file)
        except DAMAGES as error:
            raise UserError(
                f"--checkpoint {self.path}: not a checkpoint, or damaged ({error}); delete it to start afresh"
            ) from error
        self.saved = self.search.store.count

    def compare(self, header: dict[str, Any]) -> None:
        """Refuse a checkpoint of another search."""
        for key, value in self.identity().items():
            if header.get(key) != value:
                raise UserError(
                    f"--checkpoint {self.path}: its {key} is {header.get(key)!r}, this search's is {value!r}; "
                    "use the same arguments, or another file"
                )

    def restore(self, header: dict[str, Any], file: Any) -> None:  # noqa: ANN401 - numpy's NpzFile
        """Fill the search."""
        search = self.search
        for number, partition in enumerate(search.store.partitions):
            begin, end, known, filled = header["levels"][number]
            restore_partition(partition, file, number, (begin, end, known, filled))
        search.counters.depth = header["depth"]
        search.counters.met = {k: depth for k, depth in header["met"]}  # noqa: C416 - JSON has lists for pairs
        search.counters.fired[:] = header["fired"]
        search.control[:] = header["control"]
        search.pieces.extend((p, low, high) for p, low, high in header["pieces"])
        if header["broken_step"] is not None:
            reason, which, words, state, depth = header["broken_step"]
            search.broken_step = Broken(reason, which, tuple(words), state, depth)


def saved_arrays(partition: Any) -> dict[str, Any]:  # noqa: ANN401 - either kind of partition
    """The arrays of a partition that a checkpoint holds."""
    if hasattr(partition, "frontier"):
        return {
            "frontier": partition.frontier[: partition.end],
            "found": partition.found[: partition.filled],
            "table": partition.table,
        }
    return {"states": partition.states[: partition.known], "parents": partition.parents[: partition.known]}


def restore_partition(partition: Any, file: Any, number: int, levels: tuple[int, int, int, int]) -> None:  # noqa: ANN401
    """Fill a partition from the arrays of a checkpoint."""
    partition.begin, partition.end, partition.known, filled = levels
    if hasattr(partition, "frontier"):
        partition.filled = filled
        partition.frontier[: partition.end] = file[f"frontier{number}"]
        partition.found[:filled] = file[f"found{number}"]
        partition.table = file[f"table{number}"]
        return
    partition.states[: partition.known] = file[f"states{number}"]
    partition.parents[: partition.known] = file[f"parents{number}"]
    partition.grow(partition.length_for(0))
