"""Which actions leave the state alone unless they return True: for those the search need not copy it for every attempt.

An action that fails its guard must not have changed anything; the search gives every attempt a fresh copy all the same,
unless the action's code shows that no store comes before a return of anything but True. What this analysis can't see
through counts as not shown.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any


class Effects:
    """Answers for functions and those that they call; remembers what it found."""

    def __init__(self) -> None:
        self._writes: dict[FunctionType, bool] = {}
        self._clean: dict[FunctionType, bool] = {}

    def clean(self, function: Callable[..., Any]) -> bool:
        """Whether a function shows that it stores nothing unless it returns True."""
        if not isinstance(function, FunctionType):
            return False
        if function not in self._clean:
            self._clean[function] = False  # for a function that calls itself
            self._clean[function] = _Paths(self, function).clean()
        return self._clean[function]

    def writes(self, function: FunctionType) -> bool:
        """Whether a function may store anything into the state."""
        if function not in self._writes:
            self._writes[function] = True
            paths = _Paths(self, function)
            self._writes[function] = any(paths.stores(node) for node in paths.body)
        return self._writes[function]


class _Paths:
    """The paths through one function."""

    def __init__(self, effects: Effects, function: FunctionType) -> None:
        self.effects, self.scope = effects, function.__globals__
        definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        self.body: list[ast.stmt] = definition.body if isinstance(definition, ast.FunctionDef) else []

    def clean(self) -> bool:
        """No path has stored something when it returns anything but True."""
        stored = self.block(self.body, stored=False)
        return bool(self.body) and stored is not None and (not stored or isinstance(self.body[-1], ast.Return))

    def block(self, statements: Sequence[ast.stmt], *, stored: bool) -> bool | None:
        """Whether something is stored after the statements; None if some path returns wrongly before."""
        for statement in statements:
            after = self.statement(statement, stored=stored)
            if after is None:
                return None
            stored = after
        return stored

    def statement(self, node: ast.stmt, *, stored: bool) -> bool | None:
        """The same for one statement."""
        if isinstance(node, ast.Return):
            fine = is_true(node) or (not stored and self.returns_cleanly(node.value))
            return False if fine else None  # nothing comes after
        if isinstance(node, ast.If):
            attempt = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
            tested = self.stores(node.test)
            if tested and not (attempt and self.returns_cleanly(node.test.operand)):  # type: ignore[attr-defined]
                return None
            first, second = self.block(node.body, stored=stored), self.block(node.orelse, stored=stored or tested)
            return None if first is None or second is None else first or second or tested
        if isinstance(node, ast.For):
            inside = stored or any(self.stores(n) for n in node.body)
            return inside if self.block(node.body, stored=inside) is not None else None
        return stored or self.stores(node)

    def returns_cleanly(self, value: ast.expr | None) -> bool:
        """Whether computing a returned value stores nothing unless the value is True."""
        if value is None or not self.stores(value):
            return True
        if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.And):
            return not any(self.stores(v) for v in value.values[:-1]) and self.returns_cleanly(value.values[-1])
        if isinstance(value, ast.Call):
            callee = self.callee(value)
            return callee is not None and self.effects.clean(callee) and not any(self.stores(a) for a in value.args)
        return False

    def stores(self, node: ast.AST) -> bool:
        """Whether a piece of code may store into the state, itself or by a call."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Attribute | ast.Subscript) and isinstance(inner.ctx, ast.Store):
                return True
            if isinstance(inner, ast.Call):
                callee = self.callee(inner)
                if callee is not None and self.effects.writes(callee):
                    return True
        return False

    def callee(self, call: ast.Call) -> FunctionType | None:
        """The spec function that is called; None for a built-in one."""
        found = self.scope.get(call.func.id) if isinstance(call.func, ast.Name) else None
        return found if isinstance(found, FunctionType) else None


def is_true(node: ast.stmt) -> bool:
    """Whether a statement is `return True`."""
    return isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and node.value.value is True
