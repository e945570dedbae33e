"""The slots of a bag past its count: they don't matter, and the library has them blank in every state.

Left out: the one order in which the library keeps messages. A symbolic state has them in any order, so a spec must not
depend on it, as it must not anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3

from checkers.prove.merging import chosen, matched
from checkers.prove.state import Cell, SymbolicItems, SymbolicRecord, cells_of, is_bag
from checkers.prove.terms import truth


def past_the_count(node: Any) -> Iterator[tuple[z3.BoolRef, Cell]]:  # noqa: ANN401 - a cell, record, array or table
    """Every cell of the slots of bags, and whether it is past the count."""
    if isinstance(node, SymbolicItems):
        for element in node.elements:
            yield from past_the_count(element)
    elif isinstance(node, SymbolicRecord) and is_bag(node):
        count = node.values["count"].value
        for index, slot in enumerate(node.values["items"].elements):
            yield from ((truth(count <= index), cell) for cell in cells_of(slot))
    elif isinstance(node, SymbolicRecord):
        for inner in node.values.values():
            yield from past_the_count(inner)


def blanks(record: SymbolicRecord) -> Iterator[z3.BoolRef]:
    """That slots past the count are blank."""
    for past, cell in past_the_count(record):
        yield from (z3.Implies(past, a == b) for a, b in matched(cell.value, cell.scalar.default()))


def make_blank(record: SymbolicRecord) -> None:
    """Make slots past the count blank, as the library does after every step."""
    for past, cell in list(past_the_count(record)):
        cell.value = chosen(past, cell.scalar.default(), cell.value)
