"""States of a spec to compare the symbolic run with the plain one in: those of random walks, and any others in range.

An induction begins in any state in range that fits its conjuncts, so the states of walks are not enough: what is met
only past a guard that always holds is met in none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from checkers.faults import FAULT_ERRORS
from specs.instance import Instance
from specs.language import Record
from specs.shape import Path, Scalar, value_at

SHARES = (0.05, 0.3, 1.0)
"""How much of a state in range is drawn anew; the rest is that of a state of a walk."""
STATES_OF_WALK = 8
"""How many states in range are drawn from one state of a walk."""


def sampled_states(instance: Instance, seed: int, walks: int, depth: int) -> Iterator[Record]:
    """The states of random walks in plain Python, the initial ones included; a step that meets a fault isn't taken."""
    chance = np.random.default_rng(seed)
    starts = list(instance.initial_states())
    for _ in range(walks):
        state: Record | None = starts[chance.integers(len(starts))]
        for _ in range(depth):
            if state is None:
                break
            yield state
            state = next_state(instance, state, chance)


def next_state(instance: Instance, state: Record, chance: np.random.Generator) -> Record | None:
    """The state after some step, any of them as likely; None if there is none."""
    steps = [(action, binding) for action in instance.actions for binding in action.bindings()]
    for number in chance.permutation(len(steps)):
        action, binding = steps[number]
        try:
            after = instance.fire(state, action, binding)
        except FAULT_ERRORS:
            continue
        if after is not None:
            return after
    return None


def states_in_range(instance: Instance, seed: int, count: int) -> Iterator[Record]:
    """So many states, reachable or not, in which every scalar is within its declared range."""
    chance = np.random.default_rng(seed)
    walked = list(sampled_states(instance, seed, 1, -(-count // STATES_OF_WALK)))
    leaves = list(instance.struct.leaves())
    for number in range(count):
        state = instance.struct.stored(walked[number % len(walked)], "state")
        redraw(state, leaves, SHARES[number % len(SHARES)], chance)
        yield instance.packing.decode(instance.encode(state))


def redraw(state: Record, leaves: Sequence[tuple[Path, Scalar]], share: float, chance: np.random.Generator) -> None:
    """Give a share of the scalars any value of their ranges."""
    for path, scalar in leaves:
        if chance.random() < share:
            value_at(state, path[:-1]).values[path[-1]] = int(chance.integers(scalar.low, scalar.high, endpoint=True))
