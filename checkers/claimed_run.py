"""The run that a counterexample claims, as states of its spec: that its names, values and changes make sense at all.

Whether the spec really takes these steps is the question of `checkers.replay`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from checkers.counterexample import Change, Counterexample, Taken
from checkers.subjects import instantiate, load_spec
from checkers.verdict import Moment, Run, UserError, Violated
from specs.catalogue import DEADLOCK, FAULTS, properties
from specs.instance import Instance, Step
from specs.language import Record, SpecError
from specs.shape import Path, Scalar, show_path, value_at


def instance_of(counterexample: Counterexample) -> Instance:
    """The instance that a counterexample is of. UserError if there is no such spec, variant, ablation or bound."""
    spec = load_spec(counterexample.subject)
    try:
        instance = instantiate(spec, counterexample.bounds, counterexample.variant, counterexample.ablations)
        _ = instance.packing, instance.actions
    except (UserError, SpecError) as error:
        raise UserError(f"{counterexample.file}: {error}") from error
    missing = [name for name in instance.bounds if name not in counterexample.bounds]
    if missing:
        raise UserError(f"{counterexample.file}: bounds must give every bound; {', '.join(missing)} is not there")
    return instance


def violation_of(counterexample: Counterexample, instance: Instance) -> Violated:
    """The verdict that a counterexample claims. Raises UserError for what can't be a run of the instance at all."""
    _check_property(counterexample, instance)
    claim = _Claim(counterexample.file, instance)
    initial = claim.initial(counterexample.initial)
    moments = tuple(claim.moment(f"steps[{index}]", step) for index, step in enumerate(counterexample.steps))
    run = Run(initial, moments, counterexample.loop, counterexample.fault)
    return Violated(counterexample.broken, run, counterexample.detail)


def _check_property(counterexample: Counterexample, instance: Instance) -> None:
    promises = properties(instance.spec)
    known = (*promises, DEADLOCK, *FAULTS)
    if counterexample.broken not in known:
        right = f"{instance.spec.name} has no such property; there are {', '.join(known)}"
        raise UserError(f"{counterexample.file}: property = {counterexample.broken!r}: {right}")
    lives = counterexample.broken in promises and promises[counterexample.broken].kind == "liveness"
    if lives != (counterexample.loop is not None):
        right = "a loop is there if, and only if, the property is a liveness property"
        raise UserError(f"{counterexample.file}: loop = {counterexample.loop}: {right}")


class _Claim:
    """Follows the claimed values of all fields."""

    def __init__(self, file: str, instance: Instance) -> None:
        self.file, self.instance = file, instance
        self.leaves: dict[str, tuple[Path, Scalar]] = {
            show_path(path): (path, scalar) for path, scalar in instance.struct.leaves()
        }
        self.current = {name: scalar.default() for name, (_, scalar) in self.leaves.items()}

    def refuse(self, place: str, value: object, right: str) -> NoReturn:
        raise UserError(f"{self.file}: {place} = {value}: {right}")

    def write(self, place: str, path: str, value: int) -> None:
        where = f'{place}["{path}"]'
        if path not in self.leaves:
            self.refuse(where, value, f"{self.instance.spec.name} has no such field at these bounds")
        scalar = self.leaves[path][1]
        if not scalar.low <= value <= scalar.high:
            self.refuse(where, value, f"must be from {scalar.low} to {scalar.high}")
        self.current[path] = value

    def state(self) -> Record:
        state = self.instance.struct.default()
        for name, (path, _) in self.leaves.items():
            value_at(state, path[:-1]).values[path[-1]] = self.current[name]
        return self.instance.packing.decode(self.instance.packing.encode(state))

    def initial(self, fields: Mapping[str, int]) -> Record:
        for path, value in fields.items():
            self.write("initial", path, value)
        return self.state()

    def moment(self, place: str, taken: Taken) -> Moment:
        step = self.step(place, taken)
        for path, change in taken.changed.items():
            self.change(f"{place}.changed", path, change)
        return Moment(step, self.state())

    def change(self, place: str, path: str, change: Change) -> None:
        before, after = change
        if path in self.current and self.current[path] != before:
            right = f"the value before must be {self.current[path]}, as the run left it"
            self.refuse(f'{place}["{path}"]', list(change), right)
        self.write(place, path, after)

    def step(self, place: str, taken: Taken) -> Step:
        """The step, its parameters in the order in which the action takes them."""
        actions = {a.name: a for a in self.instance.actions}
        if taken.action not in actions:
            right = f"{self.instance.spec.name} ({self.instance.variant.name}) has no such action"
            self.refuse(f"{place}.action", taken.action, f"{right}; it has {', '.join(actions)}")
        ranges = dict(actions[taken.action].parameters)
        if set(ranges) != set(taken.parameters):
            right = f"{taken.action} takes {', '.join(ranges) or 'none'}"
            self.refuse(f"{place}.parameters", list(taken.parameters), right)
        for name, value in taken.parameters.items():
            if not ranges[name].low <= value <= ranges[name].high:
                right = f"must be from {ranges[name].low} to {ranges[name].high}"
                self.refuse(f"{place}.parameters.{name}", value, right)
        return Step(taken.action, tuple((name, taken.parameters[name]) for name in ranges))
