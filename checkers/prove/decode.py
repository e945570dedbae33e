"""Plain Python states from a model of Z3: what a solver's answer is believed by, once plain functions agree with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import z3

from checkers.prove.state import Cell, SymbolicItems, SymbolicRecord, Table
from checkers.prove.symbolic import SymbolicInstance, SymbolicState
from checkers.prove.terms import Members, Number, Truth
from specs.instance import Instance
from specs.language import NONE, Record


def plain_value(model: z3.ModelRef, value: Any) -> int:  # noqa: ANN401 - a number, truth or set
    """What a symbolic value is in a model, as a spec's state has it."""
    if isinstance(value, Number):
        found = model.eval(value.term, model_completion=True)
        return int(found.as_signed_long() if z3.is_bv(found) else found.as_long())
    if isinstance(value, Truth):
        return int(z3.is_true(model.eval(value.term, model_completion=True)))
    if isinstance(value, Members):
        if z3.is_true(model.eval(value.is_none(), model_completion=True)):
            return NONE
        members = (z3.is_true(model.eval(term, model_completion=True)) for term in value.terms)
        return sum(1 << member for member, there in enumerate(members) if there)
    return int(value)


def plain_instance(model: z3.ModelRef, symbolic: SymbolicInstance) -> Instance:
    """The instance with the bounds that a model gives to those that were left open."""
    bounds = {name: plain_value(model, value) for name, value in symbolic.bounds.items()}
    return Instance(symbolic.instance.spec, bounds, symbolic.instance.variant)


def plain_state(model: z3.ModelRef, state: SymbolicState, instance: Instance) -> Record:
    """The state that a model describes, of an instance with the model's bounds."""
    plain = instance.struct.default()
    for path, value in plain_cells(model, state.record, plain):
        holder, key = path
        holder[key] = value
    return plain


def plain_cells(model: z3.ModelRef, node: Any, plain: Any) -> list[tuple[tuple[Any, Any], int]]:  # noqa: ANN401
    """Each scalar's place in the plain state, and its value."""
    found: list[tuple[tuple[Any, Any], int]] = []
    for key, inner in children(node):
        holder = plain.values
        if isinstance(inner, Cell):
            found.append(((holder, key), plain_value(model, inner.value)))
        elif isinstance(inner, Table):
            for index, row in enumerate(holder[key].values):
                for name, cell in inner.columns.items():
                    found.append(((row.values, name), plain_value(model, cell.value.at(z3.IntVal(index)))))
        else:
            found += plain_cells(model, inner, holder[key])
    return found


def children(node: SymbolicRecord | SymbolicItems) -> list[tuple[Any, Any]]:
    """What a record or an array holds, by field name or index."""
    return list(enumerate(node.elements)) if isinstance(node, SymbolicItems) else list(node.values.items())


def plain_parameters(model: z3.ModelRef, parameters: tuple[tuple[str, Any], ...]) -> Mapping[str, int]:
    """The values of an action's parameters."""
    return {name: plain_value(model, value) for name, value in parameters}
