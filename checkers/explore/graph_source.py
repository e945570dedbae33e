"""The source of what a state graph and random walks need of a spec: a few functions over the translated spec.

Kept apart from the search's own module, so that a search never compiles them, nor these what only a search needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from checkers.explore.compile import CompiledSpec, load, named
from checkers.explore.generate import (
    AFTER,
    BLANK,
    CURRENT,
    FLAGS,
    HEADER,
    INVARIANTS,
    STEP_PROPERTIES,
    Generator,
    Options,
    binding_count,
    binding_loops,
)
from specs.instance import Instance, Step

# What `walk` reports, by position: why it stopped, in which walk, after how many steps of it, and which property broke.
REASON, WALK, LENGTH, PROPERTY, STEPS = range(5)
DONE, BROKEN_INVARIANT, BROKEN_STEP = range(3)
ENTRY = "@njit(nogil=True, boundscheck=True, cache=True)"
GAMMA = 0x9E3779B97F4A7C15


def all_steps(generator: Generator) -> tuple[Step, ...]:
    """Every action with every binding; the position of a step is its number in compiled code."""
    return tuple(Instance.step(a, binding) for a in generator.actions for binding in a.bindings())


def compile_graph(instance: Instance, predicates: tuple[Callable[..., Any], ...] = ()) -> CompiledSpec:
    """A module with `edges`, and with `hold` for the given predicates over one state."""
    source = _Source(instance)
    return source.compiled("graph", source.edges(), source.hold(predicates))


def compile_walk(instance: Instance) -> CompiledSpec:
    """A module with `walk`."""
    source = _Source(instance)
    return source.compiled("walk", source.walk())


class _Source:
    """Writes one module."""

    def __init__(self, instance: Instance) -> None:
        self.generator = Generator(instance, Options())
        self.name_of = self.generator.translator.name_of
        self.words = self.generator.pack.word_names()
        comma = "," if len(self.words) == 1 else ""
        self.unpacked = f"{', '.join(self.words)}{comma}"

    def compiled(self, purpose: str, *functions: str) -> CompiledSpec:
        generator = self.generator
        header = HEADER.format(bits=generator.instance.storage_bits)
        parts = [header, *generator.pack.tables(), *generator.translator.texts, *generator.pack.functions(), *functions]
        text = "\n\n".join(parts) + "\n"
        return CompiledSpec(generator.instance, generator, load(named(f"{generator.spec.name}_{purpose}", text), text))

    # -- the edges of a state graph

    def edges(self) -> str:
        """Emit the successors of the states `lo..hi-1` of `rows`: words, step number, and for each state how many.

        Returns where it stopped, before `out` could overflow; `degrees` is indexed from `lo`. Without `stutters`,
        steps that lead back to their own state are left out.
        """
        return "\n".join([
            ENTRY,
            "def edges(rows, lo, hi, out, labels, degrees, stutters, states, scratch, control):",
            f"    cur = states[{CURRENT} : {CURRENT + 1}]",
            f"    nxt = states[{AFTER} : {AFTER + 1}]",
            "    s = cur[0]",
            "    t = nxt[0]",
            f"    _flags = control[{FLAGS}]",
            f"    room = out.shape[0] - {self.generator.successors_max()}",
            "    n = 0",
            "    for i in range(lo, hi):",
            "        if n > room:",
            "            return i",
            "        first = n",
            f"        cur[0] = states[{BLANK}]",
            "        unpack(rows, i, s)",
            *(line for line in self.loops(self.edge)),
            "        degrees[i - lo] = n - first",
            "    return hi",
        ])  # fmt: skip

    def edge(self, name: str, arguments: str, indent: str, k: int) -> Iterator[str]:  # noqa: ARG002
        """One binding of one action."""
        same = " and ".join(f"{word} == rows[i, {j}]" for j, word in enumerate(self.words))
        yield f"{indent}nxt[0] = cur[0]"
        yield f"{indent}if {name}(t, {arguments}_flags):"
        yield f"{indent}    {self.unpacked} = pack(t, scratch)"
        yield f"{indent}    if stutters or not ({same}):"
        yield from (f"{indent}        out[n, {j}] = {word}" for j, word in enumerate(self.words))
        yield f"{indent}        labels[n] = number"
        yield f"{indent}        n += 1"

    def loops(self, body: Callable[[str, str, str, int], Iterator[str]]) -> Iterator[str]:
        """All actions over all their bindings, counted by `number`."""
        first = 0
        for k, action in enumerate(self.generator.actions):
            name = self.name_of(action.source)
            yield f"        number = {first - 1}"
            loops = binding_loops(action, "        ")
            yield from loops.lines
            yield f"{loops.inside}number += 1"
            yield from body(name, loops.arguments, loops.inside, k)
            first += binding_count(action)

    def hold(self, predicates: tuple[Callable[..., Any], ...]) -> str:
        """Set bit k of `bits[i]` where predicate k holds in state i; `at[0]` is the state at work if one raises."""
        return "\n".join([
            ENTRY,
            "def hold(rows, lo, hi, bits, at, states, control):",
            f"    cur = states[{CURRENT} : {CURRENT + 1}]",
            "    s = cur[0]",
            f"    _flags = control[{FLAGS}]",
            "    for i in range(lo, hi):",
            "        at[0] = i",
            f"        cur[0] = states[{BLANK}]",
            "        unpack(rows, i, s)",
            "        held = 0",
            *(
                line
                for k, predicate in enumerate(predicates)
                for line in (f"        if {self.name_of(predicate)}(s, _flags):", f"            held |= {1 << k}")
            ),
            "        bits[i] = held",
        ])  # fmt: skip

    # -- random walks

    def walk(self) -> str:
        """Take walks `first..last-1`, each of up to `depth` steps from one of the `initial` states.

        The chance of a walk comes from the seed and its own number alone (splitmix64). `after` has room for all
        successors of a state. `path` holds the first state of the walk at work, then its steps, the one that breaks a
        step property included.
        """
        return "\n".join([
            ENTRY,
            "def walk(initial, first, last, seed, depth, path, states, after, scratch, control, fired, report):",
            f"    cur = states[{CURRENT} : {CURRENT + 1}]",
            "    s = cur[0]",
            f"    _flags = control[{FLAGS}]",
            f"    row = np.empty((1, {len(self.words)}), np.uint64)",
            f"    enabled = np.empty({self.generator.successors_max()}, np.int32)",
            f"    owners = np.empty({self.generator.successors_max()}, np.int32)",
            "    for w in range(first, last):",
            f"        report[{WALK}] = w",
            f"        chance = mix(seed, uint64(w) * uint64({GAMMA}))",
            "        j = int64((mix(uint64(0), chance) >> uint64(32)) * uint64(initial.shape[0]) >> uint64(32))",
            "        path[0] = j",
            *(f"        row[0, {k}] = initial[j, {k}]" for k in range(len(self.words))),
            "        for length in range(depth + 1):",
            f"            report[{LENGTH}] = length",
            f"            cur[0] = states[{BLANK}]",
            "            unpack(row, 0, s)",
            *self.checks("            "),
            "            if length == depth:",
            "                break",
            "            n = 0",
            *(f"    {line}" for line in self.loops(self.candidate)),
            "            if n == 0:",
            "                break",
            *self.choice("            "),
            f"    report[{REASON}] = {DONE}",
        ])  # fmt: skip

    def candidate(self, name: str, arguments: str, indent: str, k: int) -> Iterator[str]:
        """One binding of one action: its effect stays in `after[n]` if it is enabled."""
        yield f"{indent}after[n] = cur[0]"
        yield f"{indent}if {name}(after[n], {arguments}_flags):"
        yield f"{indent}    enabled[n] = number"
        yield f"{indent}    owners[n] = {k}"
        yield f"{indent}    n += 1"

    def choice(self, indent: str) -> Iterator[str]:
        """Choose one of the enabled steps, check it and take it. Packing checks ranges and sorts messages."""
        yield f"{indent}chance += uint64({GAMMA})"
        yield f"{indent}z = (chance ^ (chance >> uint64(30))) * uint64({0xBF58476D1CE4E5B9})"
        yield f"{indent}z = (z ^ (z >> uint64(27))) * uint64({0x94D049BB133111EB})"
        yield f"{indent}z = z ^ (z >> uint64(31))"
        yield f"{indent}j = int64((z >> uint64(32)) * uint64(n) >> uint64(32))"
        yield f"{indent}{self.unpacked} = pack(after[j], scratch)"
        yield f"{indent}path[length + 1] = enabled[j]"
        yield f"{indent}fired[owners[j]] += 1"
        yield f"{indent}report[{STEPS}] += 1"
        for k, step_property in enumerate(self.generator.spec.step_properties):
            call = f"{self.name_of(step_property)}(s, after[j], _flags)"
            yield f"{indent}if control[{STEP_PROPERTIES}] & {1 << k} and not {call}:"
            yield f"{indent}    report[{LENGTH}] = length + 1"
            yield from stop(f"{indent}    ", BROKEN_STEP, k)
        yield from (f"{indent}row[0, {k}] = {word}" for k, word in enumerate(self.words))

    def checks(self, indent: str) -> Iterator[str]:
        """The invariants."""
        for k, invariant in enumerate(self.generator.spec.invariants):
            yield f"{indent}if control[{INVARIANTS}] & {1 << k} and not {self.name_of(invariant)}(s, _flags):"
            yield from stop(f"{indent}    ", BROKEN_INVARIANT, k)


def stop(indent: str, reason: int, which: int) -> Iterator[str]:
    """Leave `walk` because a property is broken."""
    yield f"{indent}report[{REASON}] = {reason}"
    yield f"{indent}report[{PROPERTY}] = {which}"
    yield f"{indent}return"
