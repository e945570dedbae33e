"""Whether a cycle of states is fair, in plain Python: the reference that the compiled liveness check is held against.

As in TLA+, an action is enabled where it can change the state, and taken by any step that it allows: a step that
changes nothing is a stutter, which fairness neither asks for nor counts.

Source: Lamport, Specifying Systems, chapter 8 (WF and SF of <A>_v).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from specs.instance import BoundAction, Instance
from specs.language import Fair, Record

Group = tuple[str, list[tuple[BoundAction, tuple[int, ...]]]]
"""A name for messages, and the steps that are taken together."""


def unmet_fairness(instance: Instance, fairness: Sequence[Fair], cycle: Sequence[Record]) -> str:
    """The first fairness condition that a cycle breaks, in words; "" if it meets all.

    `cycle` starts and ends with the same state; one state alone is a stutter forever.
    """
    for fair in fairness:
        for name, steps in _groups(instance, fair):
            if not _is_fair(instance, steps, cycle, strong=fair.strong):
                often = "again and again" if fair.strong else "forever"
                return f"{name} is enabled {often} and never taken ({'strong' if fair.strong else 'weak'} fairness)"
    return ""


def _groups(instance: Instance, fair: Fair) -> Iterator[Group]:
    replaced = dict(instance.variant.replaces)
    sources = [replaced.get(function, function) for function in fair.actions]
    actions = [action for action in instance.actions if action.source in sources]
    steps = [(action, binding) for action in actions for binding in action.bindings()]
    if fair.each:
        yield from ((str(instance.step(action, binding)), [(action, binding)]) for action, binding in steps)
    else:
        yield " or ".join(action.name for action in actions), steps


def _is_fair(
    instance: Instance, steps: list[tuple[BoundAction, tuple[int, ...]]], cycle: Sequence[Record], *, strong: bool
) -> bool:
    enabled: list[bool] = []
    for index, state in enumerate(cycle[:-1] if len(cycle) > 1 else cycle):
        reached = [after for after in (instance.fire(state, *step) for step in steps) if after not in (None, state)]
        if len(cycle) > 1 and cycle[index + 1] in reached:
            return True
        enabled.append(bool(reached))
    return not any(enabled) if strong else not all(enabled)
