"""The sequential specifications: how many states each has, and which operations are legal after which."""

from __future__ import annotations

import pytest

from specs.instance import Instance, Step, at
from specs.language import Spec
from specs.sequential import key_value, log, mutex, offsets, queue, register

STATES = [
    (register.SPEC, 3),
    (key_value.SPEC, 4),
    (log.SPEC, 4),
    (offsets.SPEC, 12),
    (mutex.SPEC, 3),
    (queue.SPEC, 7),
]
"""How many states each reaches at its default bounds."""

AFTER: list[tuple[Spec, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = [
    (register.SPEC, ("write 1", "compare_and_set 1 2"), ("read 2", "compare_and_set 2 0"), ("read 1",)),
    (key_value.SPEC, ("put 1", "append 1 2"), ("get 2", "append 2 3"), ("get 1", "append 1 2")),
    (log.SPEC, ("append 0",), ("read 0", "end_offset 1", "append 1"), ("read 1", "end_offset 0", "append 0")),
    (offsets.SPEC, ("commit 1 1",), ("fetch 1", "commit 2 -1", "commit 0 1"), ("fetch -1", "commit 2 0")),
    (mutex.SPEC, ("acquire 1",), ("release 1",), ("acquire 0", "release 0")),
    (queue.SPEC, ("enqueue 1", "enqueue 0"), ("dequeue 1", "take"), ("dequeue 0", "enqueue 0", "dequeue_nothing")),
    (queue.SPEC, ("enqueue 1", "take"), ("dequeue_nothing",), ("dequeue 0", "take")),
]
"""Operations that are legal one after the other; then some that are legal next, and some that are not."""


def step(instance: Instance, said: str) -> Step:
    """An operation from its name and the values of its parameters."""
    name, *values = said.split()
    action = next(a for a in instance.actions if a.name == name)
    return Instance.step(action, tuple(int(value) for value in values))


@pytest.mark.parametrize(("spec", "states"), STATES, ids=lambda value: getattr(value, "name", ""))
def test_reaches_so_many_states(spec: Spec, states: int) -> None:
    instance = at(spec)
    frontier = list(instance.initial_states())
    seen = {instance.encode(state) for state in frontier}
    for state in frontier:
        for _, after in instance.steps(state):
            if instance.encode(after) not in seen:
                seen.add(instance.encode(after))
                frontier.append(after)
    assert states == len(seen)
    assert all(any(instance.rebind(met)(state) for state in frontier) for met in spec.reachable)


@pytest.mark.parametrize(("spec", "taken", "legal", "illegal"), AFTER, ids=lambda value: getattr(value, "name", ""))
def test_tells_what_is_legal(
    spec: Spec, taken: tuple[str, ...], legal: tuple[str, ...], illegal: tuple[str, ...]
) -> None:
    instance = at(spec)
    state = next(instance.initial_states())
    for said in taken:
        after = instance.take(state, step(instance, said))
        assert after is not None
        state = after
    allowed = [said for said in (*legal, *illegal) if instance.take(state, step(instance, said)) is not None]
    assert list(legal) == allowed
