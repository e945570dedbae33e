"""Spec functions as source that numba compiles: the same statements, with bounds as literals and nothing left silent.

What changes on the way: bounds and constants become literals, ablations become bits of a run-time word `_flags` (one
compilation serves all variants), every index is checked and never negative, every store is checked against the storage
width, `all(...)` and `any(...)` over ranges become small functions that return early. What is not in the language is
refused with its file and line.

Left out: any optimisation; LLVM inlines and unrolls what comes out of here.
"""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any

from specs.language import Ablation, Expression, SpecError, evaluate

BUILTINS = frozenset({"abs", "bool", "int", "len", "max", "min", "range"})
STATEMENTS = (
    ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.If, ast.Return, ast.Assert, ast.Break, ast.Continue,
    ast.Pass, ast.Expr,
)  # fmt: skip
EXPRESSIONS = (
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.Attribute, ast.Subscript, ast.Name,
    ast.Constant,
)  # fmt: skip
OPERATORS = (
    ast.boolop, ast.unaryop, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.expr_context, ast.Add, ast.Sub,
    ast.Mult, ast.FloorDiv, ast.Mod, ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor,
)  # fmt: skip
FLAGS = "_flags"
CHECKED: dict[type[ast.operator], str] = {ast.LShift: "shift_left", ast.RShift: "shift_right", ast.Mult: "times"}
"""Operators whose result may leave 64 bits, or that machines and Python define differently, with what checks them."""
RESERVED = frozenset({FLAGS, "fit", "uint64", *CHECKED.values()})
"""What translated functions call or take themselves."""


class Translator:
    """Collects the functions that a spec needs, callees first, as source text under unique names."""

    def __init__(self, bounds: dict[str, int], ablations: tuple[str, ...]) -> None:
        """`ablations` gives the bit of each ablation by its position."""
        self.bounds, self.ablations = bounds, ablations
        self.texts: list[str] = []
        self._names: dict[tuple[FunctionType, tuple[tuple[str, int], ...]], str] = {}
        self._taken: set[str] = set()

    def name_of(self, function: Callable[..., Any]) -> str:
        """The name under which a function is found in the result, translating it (and its callees) if it is new."""
        if not isinstance(function, FunctionType):
            message = f"{function!r} is not a plain function"
            raise SpecError(message)
        key = (function, tuple(sorted(self.bounds.items())))
        if key not in self._names:
            self._names[key] = self.fresh(f"spec_{function.__name__}")  # the module has other names of its own
            self.texts.append(_Function(self, function, self._names[key]).text())
        return self._names[key]

    def fresh_from(self, other: Translator) -> None:
        """Share the names in use with a translator whose functions go into the same module."""
        self._taken = other._taken

    def fresh(self, wanted: str) -> str:
        """A name that nothing else has."""
        name = wanted
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


class _Function(ast.NodeTransformer):
    """One function on its way."""

    def __init__(self, translator: Translator, function: FunctionType, name: str) -> None:
        self.translator, self.function, self.name = translator, function, name
        self.file = function.__code__.co_filename
        self.first_line = function.__code__.co_firstlineno
        self.line = 1
        """Of the node at work, counted from the function's first; operators have none of their own."""
        self.quantifiers: list[str] = []
        self.locals: set[str] = set()
        self.counters: set[str] = set()
        """Locals that are never negative: the variables of loops over range(n), assigned nowhere else."""

    def text(self) -> str:
        """The source of the function, after that of the quantifiers in it."""
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(self.function)))
        except (OSError, TypeError) as error:
            message = f"{self.function.__qualname__}: its source can't be read ({error})"
            raise SpecError(message) from error
        definition = tree.body[0]
        if not isinstance(definition, ast.FunctionDef):
            raise self.refused(definition, "a spec function is written with def")
        parameters = [a.arg for a in (*definition.args.args, *definition.args.kwonlyargs)]
        self.locals = set(parameters) | assigned_names(definition)
        for name in sorted(self.locals & RESERVED):
            raise self.refused(definition, f"a local can't be called {name}")
        self.counters = counters_in(definition)
        body = [s for node in without_docstring(definition.body) for s in self.statement(node)] or [ast.Pass()]
        result = function_of(self.name, [*parameters, FLAGS], body)
        return "\n\n".join([*self.quantifiers, unparse(result)])

    def refused(self, node: ast.AST, why: str) -> SpecError:
        """The error for a construct that is not in the language."""
        line = self.first_line + getattr(node, "lineno", self.line) - 1
        return SpecError(f"{self.file}:{line}: {self.function.__name__}: {why}")

    def visit(self, node: ast.AST) -> Any:  # noqa: ANN401 - as in ast
        self.line = getattr(node, "lineno", self.line)
        return super().visit(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, (*STATEMENTS, *EXPRESSIONS, *OPERATORS)):
            raise self.refused(node, f"{type(node).__name__} is not in the spec language")
        return super().generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, int):
            raise self.refused(node, f"{node.value!r}: the spec language has only ints and bools")
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.locals:
            return node
        value = self.function.__globals__.get(node.id)
        if isinstance(value, Expression):
            return ast.Constant(evaluate(value, self.translator.bounds))
        if isinstance(value, Ablation):
            if value.name not in self.translator.ablations:
                raise self.refused(node, f"ablation {value.name} is not among those of the spec")
            bit = self.translator.ablations.index(value.name)
            return ast.parse(f"(({FLAGS} >> {bit}) & 1 != 0)", mode="eval").body
        if isinstance(value, bool | int):
            return ast.Constant(value)
        raise self.refused(node, f"{node.id} is neither a local, a bound, an ablation, an int nor a spec function")

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not isinstance(node.func, ast.Name) or node.func.id in self.locals:
            raise self.refused(node, "only functions can be called, each by its bare name")
        name = node.func.id
        callee = self.function.__globals__.get(name)
        if self.quantifies(name):
            return self.quantifier(node, universal=name == "all")
        arguments = [self.visit(a) for a in node.args]
        if callee is None and name in BUILTINS and not node.keywords:
            return ast.Call(ast.Name(name), arguments, [])
        if not isinstance(callee, FunctionType):
            raise self.refused(node, f"{name} is not a spec function")
        parameters = inspect.signature(callee).parameters
        named = {k.arg: self.visit(k.value) for k in node.keywords}
        given = {*list(parameters)[: len(node.args)], *named}
        if given != {*parameters} or len(node.args) + len(named) != len(parameters):
            raise self.refused(node, f"{name} takes {', '.join(parameters) or 'nothing'}; give each of them once")
        arguments += [named[p] for p in parameters if p in named]
        target = self.translator.name_of(callee)
        return ast.Call(ast.Name(target), [*arguments, ast.Name(FLAGS)], [])

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        """A statement of the function's own; `return all(...)` becomes loops that return."""
        call = node.value if isinstance(node, ast.Return) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and self.quantifies(call.func.id):
            generator = self.generator_of(call)
            if not targets_of(generator) & self.locals:
                return self.decisions(generator, universal=call.func.id == "all")
        return [self.visit(node)]

    def quantifies(self, name: str) -> bool:
        """Whether a name is that of the built-in `all` or `any`."""
        return name in {"all", "any"} and name not in self.locals and name not in self.function.__globals__

    def generator_of(self, node: ast.Call) -> ast.GeneratorExp:
        """What a quantifier ranges over."""
        generator = node.args[0] if len(node.args) == 1 else None
        if not isinstance(generator, ast.GeneratorExp):
            raise self.refused(node, "all and any take one generator expression over ranges")
        return generator

    def quantifier(self, node: ast.Call, *, universal: bool) -> ast.AST:
        """A function that returns at the first element that decides `all` or `any`."""
        generator = self.generator_of(node)
        used = {n.id for n in ast.walk(generator) if isinstance(n, ast.Name)}
        free = sorted((used & self.locals) - targets_of(generator))
        name = self.translator.fresh(f"{self.name}_{'all' if universal else 'any'}")
        result = function_of(name, [*free, FLAGS], self.decisions(generator, universal=universal))
        self.quantifiers.append(unparse(result))
        return ast.Call(ast.Name(name), [ast.Name(n) for n in [*free, FLAGS]], [])

    def decisions(self, generator: ast.GeneratorExp, *, universal: bool) -> list[ast.stmt]:
        """Loops that return at the first element that decides, and the return after them."""
        outer, self.locals = self.locals, self.locals | targets_of(generator)
        found: ast.expr = self.visit(generator.elt)
        if universal:
            found = ast.UnaryOp(ast.Not(), found)
        body: ast.stmt = ast.If(found, [ast.Return(ast.Constant(value=not universal))], [])
        for clause in reversed(generator.generators):
            for condition in reversed(clause.ifs):
                body = ast.If(self.visit(condition), [body], [])
            body = self.loop(clause, body)
        self.locals = outer
        return [body, ast.Return(ast.Constant(value=universal))]

    def loop(self, clause: ast.comprehension, body: ast.stmt) -> ast.stmt:
        """One `for ... in range(...)` of a quantifier."""
        self.check_range(clause.iter)
        return ast.For(clause.target, self.visit(clause.iter), [body], [])

    def check_range(self, node: ast.expr) -> None:
        """Refuse to loop over anything but a range."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"):
            raise self.refused(node, "loops go over range(...)")

    def visit_For(self, node: ast.For) -> ast.AST:
        self.check_range(node.iter)
        if node.orelse or not isinstance(node.target, ast.Name):
            raise self.refused(node, "a loop has one variable and no else")
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        check = CHECKED.get(type(node.op))
        return node if check is None else ast.Call(ast.Name(check), [node.left, node.right], [])

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        index = self.visit(node.slice)
        if isinstance(index, ast.Constant) and as_int(index) < 0:
            raise self.refused(node, f"index {as_int(index)} is negative")
        if isinstance(index, ast.Constant) or (isinstance(node.slice, ast.Name) and node.slice.id in self.counters):
            return ast.Subscript(self.visit(node.value), index, node.ctx)
        return ast.Subscript(self.visit(node.value), ast.Call(ast.Name("uint64"), [index], []), node.ctx)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if len(node.targets) != 1:
            raise self.refused(node, "one target an assignment")
        return self.stored(node.targets[0], self.visit(node.value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            raise self.refused(node, "a declaration without a value")
        return self.stored(node.target, self.visit(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        load = copy.deepcopy(node.target)
        load.ctx = ast.Load()
        return self.stored(node.target, self.visit(ast.copy_location(ast.BinOp(load, node.op, node.value), node)))

    def stored(self, target: ast.expr, value: ast.expr) -> ast.AST:
        """An assignment; one to the state checks that the storage holds the value."""
        fits = isinstance(value, ast.Attribute) or (isinstance(value, ast.Constant) and -128 <= as_int(value) < 128)
        if isinstance(target, ast.Name) or fits:
            return ast.Assign([self.visit(target)], value)
        return ast.Assign([self.visit(target)], ast.Call(ast.Name("fit"), [value], []))

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return ast.Assert(self.visit(node.test), None)


def as_int(node: ast.Constant) -> int:
    """The value of a constant that was visited, so is an int."""
    assert isinstance(node.value, int)
    return node.value


def targets_of(generator: ast.GeneratorExp) -> set[str]:
    """The variables of a generator expression."""
    return {n.id for g in generator.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}


def counters_in(definition: ast.FunctionDef) -> set[str]:
    """The names that are bound as variables of loops over range(n) only, so never negative."""
    loops = [n for n in ast.walk(definition) if isinstance(n, ast.For | ast.comprehension)]
    counting = [n.target for n in loops if isinstance(n.iter, ast.Call) and len(n.iter.args) == 1]
    known = {id(target) for target in counting}
    stored = [n for n in ast.walk(definition) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    others = {n.id for n in stored if id(n) not in known} | {
        a.arg for a in ast.walk(definition) if isinstance(a, ast.arg)
    }
    return {n.id for n in counting if isinstance(n, ast.Name)} - others


def assigned_names(definition: ast.FunctionDef) -> set[str]:
    """The names that a function's own statements assign; those of generator expressions are theirs."""
    inner = {id(n) for g in ast.walk(definition) if isinstance(g, ast.GeneratorExp) for n in ast.walk(g)}
    names = (n for n in ast.walk(definition) if isinstance(n, ast.Name) and id(n) not in inner)
    return {n.id for n in names if isinstance(n.ctx, ast.Store)}


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements that do something."""
    first = body[0] if body else None
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if has_docstring else body


def function_of(name: str, parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    """A compiled function."""
    arguments = ast.arguments([], [ast.arg(p) for p in parameters], None, [], [], None, [])
    return ast.FunctionDef(name, arguments, body, [ast.Name("compiled")], None, None, lineno=1)


def unparse(tree: ast.AST) -> str:
    """Its source."""
    return ast.unparse(ast.fix_missing_locations(tree))
