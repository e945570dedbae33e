"""One operation on one state of a sequential specification, as machine code behind one C signature.

The search is compiled once for all specifications and calls this function by its address: packed state in, packed state
out. A specification is compiled in the way of the explorer (`checkers.explore`), in a second or so when it is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from checkers.explore.compile import dtype_of, fill, load, named, padded
from checkers.explore.effects import Effects
from checkers.explore.generate import HEADER, Generator, Options
from checkers.verdict import UserError
from specs.instance import Instance

F = TypeVar("F", bound=Callable[..., Any])
INNER: dict[str, Any] = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
ILLEGAL, LEGAL, FAULT = range(3)
"""What a step returns: the operation can't take effect in this state; it did; the specification broke a rule."""


def inner(function: F) -> F:
    """Compile a function that only compiled code calls."""
    return cast("F", njit(**INNER)(function))


ENTRY = """\
from numba import carray, cfunc, from_dtype, types

record = from_dtype(np.{dtype!r})
words_at = types.CPointer(types.uint64)
records_at = types.CPointer(record)
signature = types.int64(words_at, words_at, types.CPointer(types.int64), records_at, words_at)


@cfunc(signature, cache=True)
def step(before, after, alternative, records, scratch):
    try:
        return attempt(
            carray(before, (1, {words})),
            carray(after, {words}),
            carray(alternative, {parameters} + 1),
            carray(records, 2),
            carray(scratch, {scratch}),
        )
    except Exception:
        return {fault}
"""


@dataclass(frozen=True, eq=False)
class Stepper:
    """A sequential specification, compiled."""

    instance: Instance
    module: ModuleType
    records: NDArray[Any]
    """Where a state is unpacked: one at its defaults, one to work on. Not for two searches at a time."""
    scratch: NDArray[np.uint64]

    @property
    def address(self) -> int:
        """Where the function lies: (state, state after, action with parameters, records, scratch) -> ILLEGAL, ..."""
        return int(self.module.step.address)

    @cached_property
    def initial(self) -> NDArray[np.uint64]:
        """The initial state, packed. UserError if there are several: a sequential object has one."""
        states = {self.instance.encode(state) for state in self.instance.initial_states()}
        if len(states) != 1:
            raise UserError(f"{self.instance.spec.name}: has {len(states)} initial states; a sequential object has one")
        return np.array(states.pop(), np.uint64)

    @property
    def words(self) -> int:
        """The words of a packed state."""
        return self.instance.packing.words

    @cached_property
    def parameters_max(self) -> int:
        """The most parameters that an action has, 1 at least."""
        return max(1, *(len(action.parameters) for action in self.instance.actions))

    def number_of(self, action: str) -> int:
        """The number of an action."""
        return [a.name for a in self.instance.actions].index(action)

    @cached_property
    def reads(self) -> NDArray[np.bool_]:
        """For each action, whether its code shows that it never changes the state."""
        effects = Effects()
        return np.array([not effects.writes(a.source) for a in self.instance.actions])  # type: ignore[arg-type]


@lru_cache(maxsize=64)
def stepper(instance: Instance) -> Stepper:
    """The compiled form of a specification, from the cache if it was compiled before on this machine."""
    generator = Generator(instance, Options())
    dtype = padded(dtype_of(instance.struct, generator.storage_bits))
    entry = ENTRY.format(
        dtype=dtype,
        words=instance.packing.words,
        parameters=max(1, *(len(action.parameters) for action in instance.actions)),
        scratch=generator.scratch_size(),
        fault=FAULT,
    )
    body = "\n".join(attempt(generator))
    parts = [
        HEADER.format(bits=generator.storage_bits),
        *generator.pack.tables(),
        *generator.translator.texts,
        *generator.pack.functions(),
        body,
        entry,
    ]
    text = "\n\n".join(parts)
    records = np.zeros(2, dtype)
    fill(records[0], instance.struct)
    module = load(named(f"{instance.spec.name}_step", text), text)
    return Stepper(instance, module, records, np.zeros(generator.scratch_size(), np.uint64))


def attempt(generator: Generator) -> Iterator[str]:
    """The source of a function that takes one action; raises for what a specification must never do."""
    yield "@compiled"
    yield "def attempt(before, after, p, records, scratch):"
    yield "    records[1] = records[0]"
    yield "    s = records[1]"
    yield "    unpack(before, 0, s)"
    for number, action in enumerate(generator.actions):
        arguments = "".join(f"p[{k + 1}], " for k in range(len(action.parameters)))
        yield f"    {'if' if number == 0 else 'elif'} p[0] == {number}:"
        yield f"        if not {generator.translator.name_of(action.source)}(s, {arguments}{flags(generator)}):"
        yield f"            return {ILLEGAL}"
    words = generator.pack.word_names()
    yield f"    {', '.join(words)}, = {generator.pack.call_pack('s')}"
    for number, word in enumerate(words):
        yield f"    after[{number}] = {word}"
    yield f"    return {LEGAL}"


def flags(generator: Generator) -> int:
    """The ablations of the instance, as the translated functions take them."""
    return sum(
        1 << k for k, name in enumerate(generator.translator.ablations) if name in generator.instance.switched_off
    )
