"""The packed form of a state: the words that are its identity wherever states are stored, compared or saved.

Every leaf takes the bits that its range needs, one after the other, none across a word's end. The messages of a bag are
keys of one word each, sorted, so that two states that differ in the order of messages alone are one state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from specs.language import OutOfRange, Record, SpecError
from specs.shape import Path, Scalar, Shape, Struct, Vector, show_path, value_at

WORD_BITS = 64
Words = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a leaf lies: value - low, shifted left by `shift`, in word `word`."""

    path: Path
    scalar: Scalar
    word: int
    shift: int


@dataclass(frozen=True, slots=True)
class BagSlots:
    """Where the messages of a bag lie: each takes `bits` at one of `places` (word, shift); `leaves` are of one."""

    path: Path
    leaves: tuple[Slot, ...]
    bits: int
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Packing:
    """The packed form of a struct: `words` words of 64 bits."""

    struct: Struct
    slots: tuple[Slot, ...]
    bags: tuple[BagSlots, ...]
    words: int

    def encode(self, record: Record) -> Words:
        """The packed form; raises OutOfRange, naming the field, for a value outside its range."""
        words = [0] * self.words
        for slot in self.slots:
            words[slot.word] |= checked_code(slot, record) << slot.shift
        for bag in self.bags:
            holder = value_at(record, bag.path)
            for key, (word, shift) in zip(sorted(self._keys(bag, holder)), bag.places, strict=False):
                words[word] |= key << shift
        return tuple(words)

    def _keys(self, bag: BagSlots, holder: Record) -> Iterator[int]:
        for index in range(holder.values["count"]):
            message = holder.values["items"].values[index]
            yield sum(checked_code(leaf, message, bag.path) << leaf.shift for leaf in bag.leaves)

    def decode(self, words: Words) -> Record:
        """The state that was packed, with the messages of bags in canonical order."""
        record = self.struct.default()
        for slot in self.slots:
            write(record, slot, words[slot.word] >> slot.shift)
        for bag in self.bags:
            holder = value_at(record, bag.path)
            for index in range(holder.values["count"]):
                word, shift = bag.places[index]
                message = holder.values["items"].values[index]
                for leaf in bag.leaves:
                    write(message, leaf, words[word] >> shift >> leaf.shift)
        return record


def checked_code(slot: Slot, record: Record, prefix: Path = ()) -> int:
    """The value of a leaf less its lowest; raises OutOfRange."""
    value = value_at(record, slot.path)
    if not slot.scalar.low <= value <= slot.scalar.high:
        where = show_path((*prefix, *slot.path))
        message = f"{where} = {value} leaves its range {slot.scalar.low}..{slot.scalar.high}"
        raise OutOfRange(message)
    return int(value) - slot.scalar.low


def write(record: Record, slot: Slot, word: int) -> None:
    """Set the leaf from the low bits of a shifted word."""
    code = word & ((1 << slot.scalar.bits) - 1)
    holder: Any = value_at(record, slot.path[:-1])
    holder.values[slot.path[-1]] = code + slot.scalar.low


class _Layout:
    """Hands out places, leaf by leaf."""

    def __init__(self) -> None:
        self.word = self.used = 0
        self.slots: list[Slot] = []
        self.bags: list[BagSlots] = []

    def place(self, bits: int) -> tuple[int, int]:
        if self.used + bits > WORD_BITS:
            self.word, self.used = self.word + 1, 0
        self.used += bits
        return self.word, self.used - bits

    def add(self, shape: Shape, path: Path) -> None:
        if isinstance(shape, Scalar):
            self.slots.append(Slot(path, shape, *self.place(shape.bits)))
        elif isinstance(shape, Vector):
            for index in range(shape.length):
                self.add(shape.element, (*path, index))
        elif shape.bag:
            self.add(shape.by_name["count"], (*path, "count"))
            self.add_messages(shape.by_name["items"], path)
        else:
            for name, inner in shape.fields:
                self.add(inner, (*path, name))

    def add_messages(self, items: Vector, path: Path) -> None:
        leaves: list[Slot] = []
        bits = 0
        for leaf_path, scalar in items.element.leaves():
            leaves.append(Slot(leaf_path, scalar, 0, bits))
            bits += scalar.bits
        if bits > WORD_BITS:
            message = f"{show_path(path)}: a message takes {bits} bits; a bag's messages must fit {WORD_BITS}"
            raise SpecError(message)
        places = tuple(self.place(bits) for _ in range(items.length - 1))
        self.bags.append(BagSlots(path, tuple(leaves), bits, places))


def packing(struct: Struct) -> Packing:
    """Lay a struct out."""
    layout = _Layout()
    layout.add(struct, ())
    return Packing(struct, tuple(layout.slots), tuple(layout.bags), layout.word + 1)
