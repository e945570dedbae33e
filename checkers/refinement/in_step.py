"""An implementation run in step with a spec, which is schedule and oracle at once.

The spec's enabled steps are what may happen next. The implementation does what was chosen, its state is mapped into the
spec's, and must be where the spec's step leads. Where the implementation decides parameters by itself, any step of that
action will do, and one there must be unless the spec has none to take; what the spec does not see must leave the mapped
state as it is.

Source: Abadi and Lamport, The Existence of Refinement Mappings.
Left out: an implementation that takes several steps at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from checkers.counterexample import changes, fields_of
from checkers.simulate.choices import Choices
from specs.instance import Instance, Step
from specs.language import Record


@dataclass(frozen=True, slots=True)
class Own:
    """Something that the implementation does by itself."""

    name: str
    perform: Callable[[], None]
    action: str | None = None
    """The action of the spec that it is a step of; None if the spec does not see it."""
    given: tuple[tuple[str, int], ...] = ()
    """The parameters of that action that are not for the implementation to decide."""


class Implementation(Protocol):
    """What is run in step with a spec."""

    instance: Instance
    scheduled: tuple[str, ...]
    """The actions of the spec that are taken as the spec says, parameters included; as often as they should be."""

    def take(self, step: Step) -> None:
        """Do what a step of the spec says."""

    def own(self) -> Sequence[Own]:
        """What it may do by itself now."""

    def state(self) -> Record:
        """The state as the spec has it."""

    def complaint(self, state: Record) -> str | None:
        """What it tells otherwise than the spec in this state, apart from the state itself."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first step of the implementation that is no step of the spec."""

    done: tuple[str, ...]
    """All that was done, the wrong step last."""
    before: Record
    after: Record
    complaint: str

    def __str__(self) -> str:
        lines = [f"{number}. {name}" for number, name in enumerate(self.done, start=1)]
        return "\n".join((*lines, self.complaint))


@dataclass(frozen=True, slots=True)
class Walk:
    """A run: what was done, and where it went wrong, if it did."""

    done: tuple[str, ...]
    difference: Difference | None = None


def walk(subject: Implementation, choices: Choices, steps: int) -> Walk:
    """Do that many things, fewer where an action that was chosen is not enabled, up to the first that is wrong."""
    done = list[str]()
    before = subject.state()
    for _ in range(steps):
        operations: tuple[str | Own, ...] = (*subject.scheduled, *subject.own())
        chosen = choices.pick(operations, "operation")
        asked = (chosen.action, chosen.given) if isinstance(chosen, Own) else (chosen, ())
        allowed = enabled(subject.instance, before, *asked)
        if isinstance(chosen, Own):
            done.append(chosen.name)
            chosen.perform()
            right = tuple(allowed.values()) or (before,)
        elif allowed:
            step = choices.pick(tuple(allowed), chosen)
            done.append(str(step))
            subject.take(step)
            right = (allowed[step],)
        else:
            continue
        after = subject.state()
        complaint = subject.complaint(after) if after in right else unlike(subject.instance, after, right)
        if complaint is not None:
            return Walk(tuple(done), Difference(tuple(done), before, after, complaint))
        before = after
    return Walk(tuple(done))


def unlike(instance: Instance, after: Record, right: Sequence[Record]) -> str:
    """In what a state differs from the one that is most like it of those that would be right."""
    fields = fields_of(instance, after)
    fewest = min((changes(fields, fields_of(instance, state)) for state in right), key=len)
    return "; ".join(
        f"{path} is {there}, where {expected} would be right" for path, (there, expected) in fewest.items()
    )


def enabled(
    instance: Instance, state: Record, name: str | None, given: tuple[tuple[str, int], ...]
) -> dict[Step, Record]:
    """The steps of an action with the given parameters, as far as they can be taken, and where they lead."""
    found = dict[Step, Record]()
    for action in instance.actions:
        if action.name == name:
            for binding in action.bindings():
                step = instance.step(action, binding)
                after = instance.fire(state, action, binding) if set(given) <= set(step.parameters) else None
                if after is not None:
                    found[step] = after
    return found
