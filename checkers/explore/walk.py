"""Random walks: runs of a spec chosen at random, for bounds too large to exhaust. They prove nothing.

From an initial state, take one of the enabled steps, each as likely as any other, up to a given number of steps or
until none is enabled; then begin anew. Invariants are checked in every state, step properties on every step taken. All
chance comes from the seed and the number of the walk: the same seed gives the same walks in any process, and more
walks begin with the same ones as fewer.

Source: West, Protocol validation in complex systems (1989), for random walks over states; Steele, Lea and Flood, Fast
splittable pseudorandom number generators (2014), for splitmix64.
Left out: refinements, liveness, deadlocks; more than one worker; any bias towards rare actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from checkers.clock import now
from checkers.explore import graph_source
from checkers.explore.compile import CompiledSpec
from checkers.explore.fair_components import Array
from checkers.explore.generate import INVARIANTS
from checkers.explore.graph_source import all_steps, compile_walk
from checkers.explore.properties import choose
from checkers.explore.task import FAULTS
from checkers.explore.trace import faulty
from checkers.shrink import shrink
from checkers.verdict import Moment, Run, Unknown, UserError, Violated
from specs.instance import Instance, Step
from specs.language import Record

BATCH = 1_000_000
"""Steps of one call of compiled code, about."""
MASK = (1 << 64) - 1
FAULT = -1


@dataclass(frozen=True, slots=True)
class WalkResult:
    """Where random walks led. A walk that breaks a property is the last one."""

    verdict: Violated | Unknown
    """Never Holds. The run of a violation is shortened: no single step of it can be left out."""
    seed: int
    walks: int
    """Walks begun."""
    steps: int
    fired: Mapping[str, int]
    found: Run | None
    """The violating walk as it was found."""
    seconds: float
    compile_seconds: float

    @property
    def steps_per_second(self) -> float:
        """Steps taken in a second of walking; shortening not counted."""
        return self.steps / self.seconds if self.seconds else 0.0


def walk(
    instance: Instance, seed: int, walks: int, depth: int, properties: tuple[str, ...] | None = None
) -> WalkResult:
    """Take up to `walks` walks of up to `depth` steps; `properties` names invariants and step properties (None: all).

    Raises UserError for a property that can't be checked, and for numbers that are not positive.
    """
    for name, number in (("--walks", walks), ("--depth", depth)):
        if not 1 <= number < 1 << 31:
            raise UserError(f"{name} {number}: must be from 1 to {(1 << 31) - 1}")
    chosen = choose(instance, properties)
    if chosen.refinements:
        raise UserError(f"{chosen.refinements[0]}: random walks don't check refinements; explore does")
    walker = Walker(instance, seed, depth, chosen.control(deadlock=False))
    started = now()
    walker.warm_up()
    compile_seconds = now() - started
    started = now()
    violated = walker.go(walks)
    seconds = now() - started
    found = None if violated is None else violated.run
    return WalkResult(
        verdict=Unknown(nothing_found(walker, depth)) if violated is None else shortened(instance, violated),
        seed=seed,
        walks=walker.begun,
        steps=walker.steps,
        fired=walker.fired_by_action(),
        found=found,
        seconds=seconds,
        compile_seconds=compile_seconds,
    )


def nothing_found(walker: Walker, depth: int) -> str:
    """Why there is no verdict."""
    return (
        f"{walker.begun} random walks of up to {depth} steps, {walker.steps} steps in all, met no violation; "
        "that proves nothing about the others"
    )


def shortened(instance: Instance, violated: Violated) -> Violated:
    """The same violation by a run without needless steps."""
    run = shrink(instance, violated.run, violated.broken)
    detail = violated.detail if run.fault is None else f"{run.moments[-1].step}: {run.fault}"
    return Violated(violated.broken, run, detail)


class Walker:
    """The compiled walks of one instance, a batch at a time."""

    def __init__(self, instance: Instance, seed: int, depth: int, control: list[int]) -> None:
        self.instance, self.depth = instance, depth
        self.seed = np.uint64(seed & MASK)
        self.compiled: CompiledSpec = compile_walk(instance)
        self.control = np.array(control, np.int64)
        self.initial = np.array(sorted({instance.encode(s) for s in instance.initial_states()}), np.uint64)
        self.path = np.zeros(depth + 1, np.int32)
        self.fired = np.zeros(len(self.compiled.generator.actions), np.int64)
        self.report = np.zeros(5, np.int64)
        self.states, self.scratch = self.compiled.workspace()
        self.after: Array = np.zeros(self.compiled.generator.successors_max() + 1, self.compiled.dtype)
        self.begun = 0

    @property
    def steps(self) -> int:
        """Steps taken."""
        return int(self.report[graph_source.STEPS])

    def warm_up(self) -> None:
        """Have the code compiled or loaded."""
        self.batch(0, 0)

    def go(self, walks: int) -> Violated | None:
        """Walk until something breaks."""
        size = max(BATCH // self.depth, 1)
        for first in range(0, walks, size):
            last = min(first + size, walks)
            reason = self.batch(first, last)
            self.begun = last if reason == graph_source.DONE else int(self.report[graph_source.WALK]) + 1
            if reason != graph_source.DONE:
                return self.violated(reason)
        return None

    def batch(self, first: int, last: int) -> int:
        """Why compiled code stopped."""
        self.report[graph_source.REASON] = graph_source.DONE
        try:
            self.compiled.module.walk(
                self.initial, first, last, self.seed, self.depth, self.path, self.states, self.after, self.scratch,
                self.control, self.fired, self.report,
            )  # fmt: skip
        except FAULTS:
            return FAULT
        return int(self.report[graph_source.REASON])

    def violated(self, reason: int) -> Violated:
        """What the walk at work broke, with its run."""
        run = self.run()
        which, spec = int(self.report[graph_source.PROPERTY]), self.instance.spec
        if reason == FAULT:
            mask = int(self.control[INVARIANTS])
            return faulty(self.instance, run, tuple(p.__name__ for k, p in enumerate(spec.invariants) if mask >> k & 1))
        if reason == graph_source.BROKEN_INVARIANT:
            return Violated(spec.invariants[which].__name__, run)
        return Violated(spec.step_properties[which].__name__, run)

    def run(self) -> Run:
        """The walk at work, taken again in plain Python."""
        state = initial = self.instance.packing.decode(tuple(int(word) for word in self.initial[self.path[0]]))
        moments: list[Moment] = []
        for step, after in self.retraced(state):
            moments.append(Moment(step, after))
        return Run(initial, tuple(moments))

    def retraced(self, state: Record) -> Iterator[tuple[Step, Record]]:
        """Its steps and the states after them."""
        steps = all_steps(self.compiled.generator)
        for number in self.path[1 : int(self.report[graph_source.LENGTH]) + 1]:
            after = self.instance.take(state, steps[number])
            assert after is not None, f"{steps[number]} is enabled in compiled code alone"
            yield steps[number], after
            state = after

    def fired_by_action(self) -> dict[str, int]:
        """How often each action was taken."""
        return {a.name: int(count) for a, count in zip(self.instance.actions, self.fired, strict=True)}
