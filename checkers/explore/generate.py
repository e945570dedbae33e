"""The source of a compiled spec: its functions translated, packing and unpacking written out, one loop over all steps.

The generated module is what numba compiles and caches; it is plain Python, meant to be read when in doubt
(`logproof explore --source`).

Left out: storing and looking up states, which does not depend on the spec (`checkers.explore.kernel`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, cast

from checkers.explore.effects import Effects
from checkers.explore.pack_source import PackSource
from checkers.explore.translate import Translator
from specs.instance import BoundAction, Instance, at
from specs.language import Ablation, Refinement, Spec, evaluate
from specs.packing import WORD_BITS

PARTITION_BITS = 3
PARTITIONS = 1 << PARTITION_BITS
"""States are kept in so many tables by their hash; fixed, so that results don't depend on the number of workers."""

# What a task reports, by position: why it stopped, at which state, and on which property; which predicates it met.
REASON, POSITION, PROPERTY, MET = range(4)
DONE, BROKEN_INVARIANT, BROKEN_STEP, BROKEN_REFINEMENT, DEADLOCK, FULL = range(6)
# What a task is told, by position: ablation bits, then masks of properties and predicates, then what to do.
FLAGS, INVARIANTS, STEP_PROPERTIES, WANTED, REFINEMENTS, EXPAND, FIND_DEADLOCK = range(7)

HEADER = """\
import numpy as np
from numba import int64, njit, uint64

from checkers.explore.bits import gatherer, scatterer
from checkers.explore.runtime import fit{bits} as fit
from checkers.explore.runtime import mix, renamed_sets

compiled = njit(nogil=True, boundscheck=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What is compiled in besides spec and bounds."""

    symmetric: bool = False
    refinements: bool = False


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
        self.uppers = [UpperSource(self, k, refinement) for k, refinement in enumerate(refinements)]

    def source(self) -> str:
        """The whole module."""
        uppers = [text for u in self.uppers for text in u.functions()]
        body = [*self.pack.functions(), *uppers, self.emit(), self.admit(), self.expand()]
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
        return sum(prod(s.high - s.low + 1 for _, s in a.parameters) for a in self.actions)

    def emit(self) -> str:
        """Pack a successor and put it, with its hash and its parent, where its partition collects them."""
        words = self.pack.word_names()
        hashed = "uint64(0)"
        for word in words:
            hashed = f"mix({hashed}, {word})"
        width = len(words)
        lines = [
            "@compiled",
            "def emit(s, spare, scratch, out, filled, parent):",
            f"    {', '.join(words)}, = {self.pack.call('s')}",
            f"    hashed = {hashed}",
            f"    p = int64(hashed >> uint64({WORD_BITS - PARTITION_BITS}))",
            "    n = filled[p]",
            *(f"    out[p, n, {k}] = {word}" for k, word in enumerate(words)),
            f"    out[p, n, {width}] = hashed",
            f"    out[p, n, {width + 1}] = parent",
            "    filled[p] = n + 1",
        ]
        return "\n".join(lines)

    def admit(self) -> str:
        """Emit the states `0..count-1` of `rows` themselves, in canonical form: to admit them, or to look them up."""
        return "\n".join(
            [
                "@njit(nogil=True, boundscheck=True, cache=True)",
                "def admit(rows, count, parent, out, filled, states, scratch):",
                "    for i in range(count):",
                "        states[0] = states[2]",
                "        unpack(rows, i, states[0])",
                "        emit(states[0], states[3:4], scratch, out, filled, uint64(parent))",
            ]
        )

    def expand(self) -> str:
        """Check the states `lo..hi-1` of `rows` and emit their successors; returns where it stopped.

        Stops early where `out` may not hold the successors of one more state (FULL), or at a broken property. State `i`
        is known as `i * stride + offset`.
        """
        return "\n".join(
            [
                "@njit(nogil=True, boundscheck=True, cache=True)",
                "def expand(rows, lo, hi, stride, offset, out, filled, states, scratch, control, fired, report):",
                "    cur = states[0:1]",
                "    nxt = states[1:2]",
                "    blank = states[2:3]",
                "    spare = states[3:4]",
                *(f"    up{u.index} = uppers[{u.index}]" for u in self.uppers),
                "    s = cur[0]",
                "    t = nxt[0]",
                f"    _flags = control[{FLAGS}]",
                f"    wanted = control[{WANTED}]",
                f"    room = out.shape[1] - {self.successors_max()}",
                "    for i in range(lo, hi):",
                f"        report[{POSITION}] = i",
                "        for p in range(filled.shape[0]):",
                "            if filled[p] > room:",
                f"                report[{REASON}] = {FULL}",
                "                return i",
                "        cur[0] = blank[0]",
                "        unpack(rows, i, s)",
                *self.checks(),
                f"        if control[{EXPAND}] == 0:",
                "            continue",
                "        parent = uint64(i * stride + offset)",
                "        enabled = 0",
                "        nxt[0] = cur[0]",
                *(line for k, action in enumerate(self.actions) for line in self.steps(k, action)),
                f"        if enabled == 0 and control[{FIND_DEADLOCK}] != 0:",
                f"            report[{REASON}] = {DEADLOCK}",
                "            return i",
                f"    report[{REASON}] = {DONE}",
                "    return hi",
            ]
        ).replace("states, scratch", "states, uppers, scratch" if self.uppers else "states, scratch")

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
        """One action over all its bindings."""
        name = self.translator.name_of(action.source)
        indent = "        "
        for parameter, scalar in action.parameters:
            yield f"{indent}for p_{parameter} in range({scalar.low}, {scalar.high + 1}):"
            indent += "    "
        arguments = "".join(f"p_{parameter}, " for parameter, _ in action.parameters)
        clean = self.effects.clean(action.source)
        if not clean:
            yield f"{indent}nxt[0] = cur[0]"
        yield f"{indent}if {name}(t, {arguments}_flags):"
        yield f"{indent}    fired[{k}] += 1"
        yield f"{indent}    enabled += 1"
        for j, step_property in enumerate(self.spec.step_properties):
            check = self.translator.name_of(step_property)
            yield f"{indent}    if control[{STEP_PROPERTIES}] & {1 << j} and not {check}(s, t, _flags):"
            yield from self.stop(f"{indent}        ", BROKEN_STEP, j)
        for upper in self.uppers:
            yield f"{indent}    if control[{REFINEMENTS}] & {1 << upper.index} and not {upper.check}:"
            yield from self.stop(f"{indent}        ", BROKEN_REFINEMENT, upper.index)
        yield f"{indent}    emit(t, spare, scratch, out, filled, parent)"
        if clean:
            yield f"{indent}    nxt[0] = cur[0]"
        else:
            yield "        nxt[0] = cur[0]"

    @staticmethod
    def stop(indent: str, reason: int, which: int) -> Iterator[str]:
        """Leave `expand` because a property is broken."""
        yield f"{indent}report[{REASON}] = {reason}"
        yield f"{indent}report[{PROPERTY}] = {which}"
        yield f"{indent}return i"


class UpperSource:
    """The functions that check the steps of a lower spec against one upper spec."""

    def __init__(self, lower: Generator, index: int, refinement: Refinement) -> None:
        self.lower, self.index, self.refinement = lower, index, refinement
        self.instance = upper_instance(lower.instance, refinement)
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
        indent = "    "
        for parameter, scalar in action.parameters:
            yield f"{indent}for p_{parameter} in range({scalar.low}, {scalar.high + 1}):"
            indent += "    "
        arguments = "".join(f"p_{parameter}, " for parameter, _ in action.parameters)
        yield f"{indent}up[2] = up[0]"
        yield f"{indent}if {name}(up[2], {arguments}0) and {self.pack.call_pack('up[2]')} == wanted:"
        yield f"{indent}    return True"


def upper_instance(lower: Instance, refinement: Refinement) -> Instance:
    """The upper spec at the bounds that the lower one's imply."""
    bounds: dict[str, Any] = {name: evaluate(operand, lower.bounds) for name, operand in refinement.bounds.items()}
    return at(refinement.upper, **bounds)
