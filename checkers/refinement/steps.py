"""Refinement one step at a time, in plain Python: the reference that the compiled check is held against.

Source: Abadi and Lamport, The Existence of Refinement Mappings.
"""

from __future__ import annotations

from dataclasses import dataclass

from checkers.faults import FAULT_ERRORS, message_of
from specs.instance import FIXED, Instance, Step, at
from specs.language import Record, Refinement, evaluate


@dataclass(frozen=True, slots=True)
class RefinedStep:
    """A lower step seen from above. A side is None where the mapping met `fault`; `step` is None for a stutter."""

    before: Record | None
    after: Record | None
    step: Step | None
    allowed: bool
    fault: str = ""

    def __str__(self) -> str:
        if self.fault:
            return f"the mapping fails: {self.fault}"
        how = f"by {self.step}" if self.step else "by a stutter" if self.allowed else "by no step"
        return f"from {self.before} to {self.after} {how}"


def upper_instance(lower: Instance, refinement: Refinement) -> Instance:
    """The upper spec at the bounds that the lower one's imply. Raises SpecError if they can't be."""
    bounds: dict[str, int] = {name: evaluate(operand, lower.bounds) for name, operand in refinement.bounds.items()}
    return at(refinement.upper, FIXED, **bounds)


class RefinementCheck:
    """One refinement of one instance."""

    def __init__(self, lower: Instance, refinement: Refinement) -> None:
        """Raises SpecError if the upper spec's bounds can't be."""
        self.upper = upper_instance(lower, refinement)
        self._mapping = lower.rebind(refinement.mapping)

    def mapped(self, state: Record) -> Record:
        """The upper state. Raises one of FAULT_ERRORS if the mapping fails or leaves a range."""
        upper = self.upper.struct.default()
        self._mapping(state, upper)
        return self.upper.packing.decode(self.upper.packing.encode(upper))

    def initial_allowed(self, state: Record) -> bool:
        """Whether an initial state maps to an initial state."""
        try:
            mapped = self.mapped(state)
        except FAULT_ERRORS:
            return False
        return any(mapped == other for other in self.upper.initial_states())

    def step(self, before: Record, after: Record) -> RefinedStep:
        """A step of the lower spec as the upper one sees it."""
        upper_before: Record | None = None
        try:
            upper_before = self.mapped(before)
            upper_after = self.mapped(after)
        except FAULT_ERRORS as error:
            return RefinedStep(upper_before, None, None, allowed=False, fault=message_of(error))
        if upper_before == upper_after:
            return RefinedStep(upper_before, upper_after, None, allowed=True)
        step = self._step_between(upper_before, upper_after)
        return RefinedStep(upper_before, upper_after, step, allowed=step is not None)

    def _step_between(self, before: Record, after: Record) -> Step | None:
        for action in self.upper.actions:
            for binding in action.bindings():
                try:
                    reached = self.upper.fire(before, action, binding)
                except FAULT_ERRORS:
                    continue
                if reached == after:
                    return self.upper.step(action, binding)
        return None


def refinement_step_ok(lower: Instance, refinement: Refinement, before: Record, after: Record) -> bool:
    """Whether one step maps to a step of the upper spec or to a stutter. For many steps, keep a RefinementCheck."""
    return RefinementCheck(lower, refinement).step(before, after).allowed
