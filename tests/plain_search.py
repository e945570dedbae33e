"""A breadth-first search in plain Python: counterexamples without the explorer, and a second opinion on it."""

from __future__ import annotations

from collections.abc import Callable

from checkers.verdict import Moment, Run
from specs.instance import Instance, Step
from specs.language import Finding, Record
from specs.packing import Words

Parents = dict[Words, tuple[Words, Step] | None]


def shortest_run(instance: Instance, ends: Callable[[Record], bool]) -> Run:
    """The first run, breadth first, to a state in which a predicate holds; to a fault, if one is met before."""
    parents: Parents = {}
    frontier = list(instance.initial_states())
    parents.update({instance.encode(state): None for state in frontier})
    for state in frontier:
        if ends(state):
            return _run(instance, parents, instance.encode(state))
        words = instance.encode(state)
        for action in instance.actions:
            for binding in action.bindings():
                try:
                    after = instance.fire(state, action, binding)
                except (Finding, AssertionError) as error:
                    run = _run(instance, parents, words)
                    last = Moment(instance.step(action, binding), state)
                    return Run(run.initial, (*run.moments, last), fault=str(error))
                if after is not None and instance.encode(after) not in parents:
                    parents[instance.encode(after)] = (words, instance.step(action, binding))
                    frontier.append(after)
    message = "no reachable state meets the predicate"
    raise LookupError(message)


def _run(instance: Instance, parents: Parents, words: Words) -> Run:
    moments: list[Moment] = []
    while (parent := parents[words]) is not None:
        moments.append(Moment(parent[1], instance.packing.decode(words)))
        words = parent[0]
    return Run(instance.packing.decode(words), tuple(reversed(moments)))
