"""The source of a compiled spec: its functions translated, packing and unpacking written out, one loop over all steps.

The generated module is what numba compiles and caches. It is plain Python, to be read in the cache folder when in doubt
(`checkers.explore.compile`).

Left out: storing and looking up states, which does not depend on the spec (`checkers.explore.kernel`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import cast

from checkers.explore.effects import Effects
from checkers.explore.pack_source import PackSource
from checkers.explore.translate import Translator
from checkers.refinement.steps import upper_instance
from specs.instance import BoundAction, Instance
from specs.language import Ablation, Refinement, Spec
from specs.packing import WORD_BITS

PARTITION_BITS = 3
PARTITIONS = 1 << PARTITION_BITS
"""States are kept in so many tables by their hash; fixed, so that results don't depend on the number of workers."""

# What a task reports, by position: why it stopped, at which state, and on which property; which predicates it met.
REASON, POSITION, PROPERTY, MET = range(4)
DONE, BROKEN_INVARIANT, BROKEN_STEP, BROKEN_REFINEMENT, DEADLOCK, FULL = range(6)
# What a task is told, by position: ablation bits, then masks of properties and predicates, then what to do.
FLAGS, INVARIANTS, STEP_PROPERTIES, WANTED, REFINEMENTS, EXPAND, FIND_DEADLOCK = range(7)

CURRENT, BLANK, SPARE, AFTER = range(4)
"""The records that a task works on, by position: the state, one at its defaults, one to rename in, successors."""

HEADER = """\
import numpy as np
from numba import int64, njit, uint64

from checkers.explore.bits import gatherer, scatterer
from checkers.explore.runtime import fit{bits} as fit
from checkers.explore.runtime import mix, renamed_sets, shift_left, shift_right, times

compiled = njit(nogil=True, boundscheck=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What is compiled in besides spec and bounds."""

    symmetric: bool = False
    refinements: bool = False


@dataclass(frozen=True, slots=True)
class BindingLoops:
    """The loops over all bindings of an action: their lines, the indent inside, and the arguments of a call there."""

    lines: tuple[str, ...]
    inside: str
    arguments: str


def binding_loops(action: BoundAction, indent: str) -> BindingLoops:
    """A loop for each parameter, the last innermost, as `BoundAction.bindings` counts."""
    lines = []
    for parameter, scalar in action.parameters:
        lines.append(f"{indent}for p_{parameter} in range({scalar.low}, {scalar.high + 1}):")
        indent += "    "
    return BindingLoops(tuple(lines), indent, "".join(f"p_{parameter}, " for parameter, _ in action.parameters))


def binding_count(action: BoundAction) -> int:
    """How many bindings an action has."""
    return prod(s.high - s.low + 1 for _, s in action.parameters)


def ablation_names(spec: Spec) -> tuple[str, ...]:
    """The ablations in the order of their bits."""
    return tuple(a.name for a in cast("tuple[Ablation, ...]", spec.ablations))


class Generator:
    """Writes the module of one spec at given bounds."""

    def __init__(self, instance: Instance, options: Options) -> None:
        """The module serves every variant that has the same actions: ablations are flags."""
        self.instance, self.options = instance, options
        self.spec = instance.spec
        self.translator = Translator(instance.bounds, ablation_names(self.spec))
        self.actions = instance.actions
        self.effects = Effects()
        refinements = self.spec.refines if options.refinements else ()
        uppers = [upper_instance(instance, refinement) for refinement in refinements]
        self.storage_bits = max(i.storage_bits for i in (instance, *uppers))
        """The width of the integers that unpacked states are made of."""
        self.pack = PackSource(instance, symmetric=options.symmetric, prefix="", storage_bits=self.storage_bits)
        self.uppers = [UpperSource(self, k, *pair) for k, pair in enumerate(zip(refinements, uppers, strict=True))]

    def source(self) -> str:
        """The whole module."""
        uppers = [text for u in self.uppers for text in u.functions()]
        body = [*self.pack.functions(), *uppers, self.admit(), self.expand()]
        header = HEADER.format(bits=self.storage_bits)
        tables = [text for pack in (self.pack, *(u.pack for u in self.uppers)) for text in pack.tables()]
        return "\n\n".join([header, *tables, *self.translator.texts, *body]) + "\n"

    def scratch_size(self) -> int:
        """How many words packing needs to sort messages and to tell elements apart."""
        packings = [self.instance.packing, *(u.instance.packing for u in self.uppers)]
        longest = max((len(bag.places) for p in packings for bag in p.bags), default=0)
        return longest + sum(n for _, n in self.pack.symmetry.kinds) + 1

    def successors_max(self) -> int:
        """How many steps a state can have at most."""
        return sum(binding_count(a) for a in self.actions)

    def emit(self, state: str, parent: str) -> Iterator[str]:
        """Pack a state and put it, with its hash and its parent, where its partition collects them."""
        words = self.pack.word_names()
        hashed = "uint64(0)"
        for word in words:
            hashed = f"mix({hashed}, {word})"
        yield f"{', '.join(words)}, = {self.pack.call(state)}"
        yield f"hashed = {hashed}"
        yield f"p = int64(hashed >> uint64({WORD_BITS - PARTITION_BITS}))"
        yield "at = p * capacity + filled[p]"
        for k, value in enumerate([*words, "hashed", parent]):
            yield f"out[at, {k}] = {value}"
        yield "filled[p] += 1"

    def admit(self) -> str:
        """Emit the states `0..count-1` of `rows` themselves, in canonical form: to admit them, or to look them up."""
        return "\n".join(
            [
                "@njit(nogil=True, cache=True)",
                "def admit(rows, count, parent, out, filled, states, scratch):",
                f"    spare = states[{SPARE} : {SPARE + 1}]",
                f"    capacity = out.shape[0] // {PARTITIONS}",
                "    for i in range(count):",
                f"        states[{CURRENT}] = states[{BLANK}]",
                f"        unpack(rows, i, states[{CURRENT}])",
                *(f"        {line}" for line in self.emit(f"states[{CURRENT}]", "uint64(parent)")),
            ]
        )

    def expand(self) -> str:
        """Check the states `lo..hi-1` of `rows` and emit their successors; returns where it stopped.

        Stops early where `out` may not hold the successors of one more state (FULL), or at a broken property. State `i`
        is known as `i * stride + offset`. The successors of a state are all computed before the first is packed: a
        field that was just written can't be read as part of a longer chunk without a stall.
        """
        states = "states, uppers" if self.uppers else "states"
        return "\n".join(
            [
                "@njit(nogil=True, cache=True)",
                f"def expand(rows, lo, hi, stride, offset, out, filled, {states}, scratch, control, fired, report):",
                f"    spare = states[{SPARE} : {SPARE + 1}]",
                f"    after = states[{AFTER}:]",
                *(f"    up{u.index} = uppers[{u.index}]" for u in self.uppers),
                f"    s = states[{CURRENT}]",
                f"    _flags = control[{FLAGS}]",
                f"    wanted = control[{WANTED}]",
                f"    capacity = out.shape[0] // {PARTITIONS}",
                f"    room = capacity - {self.successors_max()}",
                "    for i in range(lo, hi):",
                f"        report[{POSITION}] = i",
                "        for p in range(filled.shape[0]):",
                "            if filled[p] > room:",
                f"                report[{REASON}] = {FULL}",
                "                return i",
                f"        states[{CURRENT}] = states[{BLANK}]",
                "        unpack(rows, i, s)",
                *self.checks(),
                f"        if control[{EXPAND}] == 0:",
                "            continue",
                "        n = 0",
                f"        after[0] = states[{CURRENT}]",
                *(line for k, action in enumerate(self.actions) for line in self.steps(k, action)),
                f"        if n == 0 and control[{FIND_DEADLOCK}] != 0:",
                f"            report[{REASON}] = {DEADLOCK}",
                "            return i",
                "        parent = uint64(i * stride + offset)",
                "        for j in range(n):",
                "            t = after[j]",
                *self.step_checks(),
                *(f"            {line}" for line in self.emit("t", "parent")),
                f"    report[{REASON}] = {DONE}",
                "    return hi",
            ]
        )

    def checks(self) -> Iterator[str]:
        """Invariants, and predicates that are still to be met."""
        for k, invariant in enumerate(self.spec.invariants):
            name = self.translator.name_of(invariant)
            yield f"        if control[{INVARIANTS}] & {1 << k} and not {name}(s, _flags):"
            yield f"            report[{REASON}] = {BROKEN_INVARIANT}"
            yield f"            report[{PROPERTY}] = {k}"
            yield "            return i"
        for k, predicate in enumerate(self.spec.reachable):
            yield f"        if wanted & {1 << k} and {self.translator.name_of(predicate)}(s, _flags):"
            yield f"            wanted ^= {1 << k}"
            yield f"            report[{MET}] |= {1 << k}"

    def steps(self, k: int, action: BoundAction) -> Iterator[str]:
        """One action over all its bindings. `after[n]` is a copy of the state, to be changed by the next step."""
        name = self.translator.name_of(action.source)
        loops = binding_loops(action, "        ")
        indent = loops.inside
        yield "        before = n"
        yield from loops.lines
        yield f"{indent}if {name}(after[n], {loops.arguments}_flags):"
        yield f"{indent}    n += 1"
        if self.effects.clean(action.source):
            yield f"{indent}    after[n] = states[{CURRENT}]"
        else:
            yield f"{indent}after[n] = states[{CURRENT}]"
        yield f"        fired[{k}] += n - before"

    def step_checks(self) -> Iterator[str]:
        """Step properties and refinements of the step from `s` to `t`."""
        for j, step_property in enumerate(self.spec.step_properties):
            check = self.translator.name_of(step_property)
            yield f"            if control[{STEP_PROPERTIES}] & {1 << j} and not {check}(s, t, _flags):"
            yield from self.stop("                ", BROKEN_STEP, j)
        for upper in self.uppers:
            yield f"            if control[{REFINEMENTS}] & {1 << upper.index} and not {upper.check}:"
            yield from self.stop("                ", BROKEN_REFINEMENT, upper.index)

    @staticmethod
    def stop(indent: str, reason: int, which: int) -> Iterator[str]:
        """Leave `expand` because a property is broken."""
        yield f"{indent}report[{REASON}] = {reason}"
        yield f"{indent}report[{PROPERTY}] = {which}"
        yield f"{indent}return i"


class UpperSource:
    """The functions that check the steps of a lower spec against one upper spec."""

    def __init__(self, lower: Generator, index: int, refinement: Refinement, instance: Instance) -> None:
        self.lower, self.index, self.refinement, self.instance = lower, index, refinement, instance
        prefix = f"upper{index}_"
        self.pack = PackSource(self.instance, symmetric=False, prefix=prefix, storage_bits=lower.storage_bits)
        self.check = f"refines_{index}(s, t, up{index}, scratch, _flags)"

    def functions(self) -> Iterator[str]:
        """Packing of upper states, and the check of one step."""
        yield from self.pack.functions()
        translator = Translator(self.instance.bounds, ablation_names(self.instance.spec))
        translator.fresh_from(self.lower.translator)
        mapping = self.lower.translator.name_of(self.refinement.mapping)
        loops = [
            line
            for action in self.instance.actions
            for line in self.attempts(translator.name_of(action.source), action)
        ]
        yield from translator.texts
        yield "\n".join(
            [
                "@compiled",
                f"def refines_{self.index}(s, t, up, scratch, _flags):",
                "    for k in range(3):",
                "        up[k] = up[3]",
                f"    {mapping}(s, up[0], _flags)",
                f"    {mapping}(t, up[1], _flags)",
                f"    wanted = {self.pack.call_pack('up[1]')}",
                f"    if {self.pack.call_pack('up[0]')} == wanted:",
                "        return True",
                *loops,
                "    return False",
            ]
        )

    def attempts(self, name: str, action: BoundAction) -> Iterator[str]:
        """Try one upper action over all its bindings."""
        loops = binding_loops(action, "    ")
        indent = loops.inside
        yield from loops.lines
        yield f"{indent}up[2] = up[0]"
        yield f"{indent}if {name}(up[2], {loops.arguments}0) and {self.pack.call_pack('up[2]')} == wanted:"
        yield f"{indent}    return True"
