"""What a state of a program's objects is: all that their attributes hold. Equal states go on equally.

So a search that meets a state again need not go on from it, as a model checker does not.

Left out: what is not kept in attributes and built-in containers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from hashlib import blake2b

ATOMS = (int, str, bytes, float, Enum)


def fingerprint(*things: object, ignored: Collection[str] = ()) -> bytes:
    """A name of the state of some objects, of 128 bits: of a million states two have the same once in 10^26 times.

    All that is reachable counts, but through attributes of the ignored names. What is equal may have two names, where
    a dict was filled in another order or one object stands for two; what differs does not have one.
    """
    return blake2b(repr(_Walk(ignored).of(things)).encode(), digest_size=16).digest()


class _Walk:
    """Goes through objects; each is numbered where it is met first."""

    def __init__(self, ignored: Collection[str]) -> None:
        self._ignored = frozenset(ignored)
        self._met: dict[int, int] = {}

    def of(self, thing: object) -> object:
        """A thing as an atom, or as a tuple of its type and what is in it."""
        if thing is None or isinstance(thing, ATOMS):
            return thing
        if isinstance(thing, bytearray):
            return bytes(thing)
        if id(thing) in self._met:
            return ("met", self._met[id(thing)])
        if callable(thing):
            return ("callable", id(thing))
        self._met[id(thing)] = len(self._met)
        return (type(thing).__name__, *self._parts(thing))

    def _parts(self, thing: object) -> Iterable[object]:
        if isinstance(thing, Mapping):
            return [(self.of(key), self.of(value)) for key, value in thing.items()]
        if isinstance(thing, set | frozenset):
            return sorted(thing)
        if isinstance(thing, Iterable):
            return [self.of(each) for each in thing]
        names = dict.fromkeys([*getattr(thing, "__dict__", ()), *_slots(type(thing))])
        return [(name, self.of(getattr(thing, name))) for name in names if name not in self._ignored]


def _slots(kind: type) -> list[str]:
    return [name for each in kind.__mro__ for name in vars(each).get("__slots__", ())]
