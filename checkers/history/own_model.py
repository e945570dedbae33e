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

from checkers.history.calls import Calls
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
    invoke = np.flatnonzero((history.type == EventType.INVOKE) & np.isin(history.function, known))
    partner = history.partner[invoke].astype(np.int64)
    outcome = np.where(partner == NONE, EventType.INFO, history.type[partner])
    invoke, partner, outcome = (column[outcome != EventType.FAIL] for column in (invoke, partner, outcome))
    key = np.array([key_of(history, event) for event in invoke.tolist()], np.int32)
    nothing = np.full(len(invoke), NIL)
    return Calls(
        object=np.zeros(len(invoke), np.int64) if one_object else key.astype(np.int64),
        invoke=invoke,
        complete=np.where(outcome == EventType.OK, partner, OPEN),
        kind=np.full(len(invoke), Kind.OBSERVE, np.int8),
        key=np.full(len(invoke), NONE, np.int32) if one_object else key,
        offset=nothing,
        value=nothing,
        expected=nothing,
        compares=np.zeros(len(invoke), bool),
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
        effect = [effects.setdefault(tuple(self._ways(event)), len(effects)) for event in calls.invoke.tolist()]
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

    def _ways(self, invoke: int) -> Iterator[tuple[int, ...]]:
        """The action of an operation with each choice of what it leaves open."""
        name = self.history.function_name(invoke)
        number, action = next((n, a) for n, a in enumerate(self.instance.actions) if a.name == name)
        choices = [self._choices(invoke, parameter, scalar) for parameter, scalar in action.parameters]
        count = prod(len(choice) for choice in choices)
        if count > WAYS_MAX:
            raise self._refused(
                invoke, f"leaves open {count} values of its parameters; {WAYS_MAX} can be tried at most"
            )
        return ((number, *values) for values in itertools.product(*choices))

    def _choices(self, invoke: int, parameter: str, scalar: Scalar) -> Sequence[int]:
        """The values that a parameter of an operation can have."""
        partner = int(self.history.partner[invoke])
        completed = partner != NONE and self.history.type[partner] == EventType.OK
        found = self._found(partner, parameter) if completed else None
        if found is None:
            found = self._found(invoke, parameter)
        if found is None and not completed:
            return range(scalar.low, scalar.high + 1)
        value = NONE if found is None else found
        if not scalar.low <= value <= scalar.high or (found is None and not scalar.optional):
            shown = "null" if found is None else value
            right = f"from {scalar.low} to {scalar.high}" + (", or null" if scalar.optional else "")
            raise self._refused(invoke, f"{parameter} = {shown}: must be an integer {right}")
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

    def _refused(self, invoke: int, why: str) -> UserError:
        """The error for an operation that the specification can't take."""
        history = self.history
        name = history.function_name(invoke)
        return UserError(f"{history.source}: the operation {name!r} invoked at index {history.index[invoke]}: {why}")
