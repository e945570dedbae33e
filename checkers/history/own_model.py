"""Histories judged by a sequential specification of the user's own: a `Spec` whose actions are the operations.

An operation whose function (f) is the name of an action is a call of it; others are passed over. The action's
parameters are found by their names:
- `value`: the value of the operation: of its first row, or of the write of a compare-and-set; `expected`: what that
  expects; `offset` (or `version`): the offset of the row; `key` and `process`: their numbers, from 0 in order of
  appearance; any other name: the field of that name of the completion or the invocation, an integer.
- An integer is itself; other values are numbered from 0 in the order in which the history names them; null is NONE.
- A parameter that an operation without a known outcome leaves open takes every value of its domain.
What an operation found is a parameter too: `read(s, value)` returns False where `value` can't be read.

Objects are told apart by key, each in the specification's initial state, unless an action has a parameter `key`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from checkers.history.calls import Calls, operations_of
from checkers.history.encoders import Encoding, over
from checkers.history.history import INTERNED, NIL, NONE, EventType, History, Kind
from checkers.history.models import Model
from checkers.history.wing_gong_lowe.arrange import OPEN
from checkers.history.wing_gong_lowe.encoded import Effects
from checkers.history.wing_gong_lowe.kernel import NOTHING
from checkers.history.wing_gong_lowe.step import stepper
from checkers.verdict import UserError
from specs.instance import Instance
from specs.shape import Scalar

WAYS_MAX = 4096
"""In how many ways an operation may leave its parameters open."""


def own_model(instance: Instance) -> Model:
    """The kind of object that a specification describes."""
    actions = {action.name: action for action in instance.actions}
    keyed = any(name == "key" for action in actions.values() for name, _ in action.parameters)

    def calls(history: History, _kinds: tuple[Kind, ...]) -> Calls:
        return own_calls(history, frozenset(actions), one_object=keyed)

    def encode(calls: Calls, history: History) -> Encoding:
        return _Encoder(instance, history).encoding(calls)

    return Model(instance.spec.name, instance.spec.doc, (), encode, calls, sources_suffice=False)


def own_calls(history: History, functions: frozenset[str], *, one_object: bool) -> Calls:
    """The operations of given functions, each a call of its own."""
    known = [number for number, name in enumerate(history.functions.names) if name in functions]
    told = operations_of(history)
    wanted = np.isin(history.function[told.event], known)
    event = told.event[wanted]
    key = np.array([key_of(history, one) for one in event.tolist()], np.int32)
    nothing = np.full(len(event), NIL)
    return Calls(
        object=np.zeros(len(event), np.int64) if one_object else key.astype(np.int64),
        event=event,
        invoke=told.invoke[wanted],
        complete=told.complete[wanted],
        kind=np.full(len(event), Kind.OBSERVE, np.int8),
        key=np.full(len(event), NONE, np.int32) if one_object else key,
        offset=nothing,
        value=nothing,
        expected=nothing,
        compares=np.zeros(len(event), bool),
    )


def key_of(history: History, event: int) -> int:
    """The code of the key of an event; of one whose function the format does not know, that of its field `key`."""
    rows = history.rows_of(event)
    code = int(history.key[rows[0]]) if len(rows) else NONE
    name = history.fields.get(event, {}).get("key")
    return history.keys.code(name) if code == NONE and name is not None else code


@dataclass(frozen=True, eq=False)
class _Encoder:
    """Puts calls in terms of a specification."""

    instance: Instance
    history: History

    def encoding(self, calls: Calls) -> Encoding:
        """The calls, and how states are told: as the specification prints them."""
        effects: dict[tuple[tuple[int, ...], ...], int] = {}
        told = zip(calls.event.tolist(), calls.complete.tolist(), strict=True)
        effect = [effects.setdefault(tuple(self._ways(event, end)), len(effects)) for event, end in told]
        width = 1 + max(1, *(len(action.parameters) for action in self.instance.actions))
        rows = [way + (0,) * (width - len(way)) for ways in effects for way in ways]
        ends = np.cumsum([len(ways) for ways in effects], dtype=np.int64)
        nothing = np.full(len(rows), NOTHING)
        table = Effects(
            first=np.concatenate([[0], ends[:-1]]).astype(np.int64),
            end=ends,
            alternatives=np.array(rows, np.int64).reshape(len(rows), width),
            needs=nothing,
            gives=nothing,
        )
        encoded = over(stepper(self.instance), calls, table, np.array(effect, np.int64))
        return Encoding(replace(encoded, deterministic=False), lambda state: f"the state is {state!r}")

    def _ways(self, event: int, complete: int) -> Iterator[tuple[int, ...]]:
        """The action of an operation with each choice of what it leaves open.

        If there are too many of one that completes after the events that are looked at, what that told.
        """
        name = self.history.function_name(event)
        number, action = next((n, a) for n, a in enumerate(self.instance.actions) if a.name == name)
        choices = [self._choices((event, complete), parameter, scalar) for parameter, scalar in action.parameters]
        count = prod(len(choice) for choice in choices)
        partner = int(self.history.partner[event])
        if count > WAYS_MAX and complete == OPEN and partner != NONE and self.history.type[partner] == EventType.OK:
            return self._ways(event, partner)
        if count > WAYS_MAX:
            raise self._refused(event, f"leaves open {count} values of its parameters; {WAYS_MAX} can be tried at most")
        return ((number, *values) for values in itertools.product(*choices))

    def _choices(self, ends: tuple[int, int], parameter: str, scalar: Scalar) -> Sequence[int]:
        """The values that a parameter of an operation can have, which began and completed with some events."""
        event, complete = ends
        completed = complete != OPEN
        found = self._found(complete, parameter) if completed else None
        if found is None:
            found = self._found(event, parameter)
        if found is None and not completed:
            return range(scalar.low, scalar.high + 1)
        value = NONE if found is None else found
        if not scalar.low <= value <= scalar.high or (found is None and not scalar.optional):
            shown = "null" if found is None else value
            right = f"from {scalar.low} to {scalar.high}" + (", or null" if scalar.optional else "")
            raise self._refused(event, f"{parameter} = {shown}: must be an integer {right}")
        return (value,)

    def _found(self, event: int, parameter: str) -> int | None:
        """What an event says of a parameter; None for nothing."""
        history = self.history
        rows = history.rows_of(event)
        kinds = history.kind[rows.start : rows.stop]
        compares = len(rows) > 1 and kinds[0] == Kind.EXPECT
        match parameter:
            case "process":
                return int(history.process[event])
            case "key":
                return key_of(history, event)
            case "expected" if compares:
                return self._number(int(history.value[rows[0]]))
            case "value" if len(rows):
                return self._number(int(history.value[rows[1 if compares else 0]]))
            case "offset" | "version" if len(rows):
                offset = int(history.offset[rows[1 if compares else 0]])
                return None if offset == NIL else offset
        field = history.fields.get(event, {}).get(parameter)
        return field if type(field) is int else None

    def _number(self, code: int) -> int | None:
        """A value as the specification has it."""
        return None if code == NIL else code - INTERNED if code >= INTERNED else code

    def _refused(self, event: int, why: str) -> UserError:
        """The error for an operation that the specification can't take."""
        history = self.history
        name = history.function_name(event)
        what = "invoked" if history.type[event] == EventType.INVOKE else "completed"
        return UserError(f"{history.source}: the operation {name!r} {what} at index {history.index[event]}: {why}")
