"""Functions that are Python but not in the spec language; on the line below its `def`, each has what is refused."""

# ruff: noqa: E711, E731, F821, PLC0415, PLW0120
from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Fields = Any
"""A state has whatever fields; nothing here is ever called."""
Function = TypeVar("Function", bound=Callable[..., object])
NOTHING = -1
WORD = "three"
REFUSED: list[tuple[Callable[..., object], str]] = []


def refused(why: str) -> Callable[[Function], Function]:
    """Note why a function is refused."""

    def note(function: Function) -> Function:
        REFUSED.append((function, why))
        return function

    return note


@refused("While is not in the spec language")
def with_while(s: Fields) -> bool:
    while s.level:
        s.level -= 1
    return True


@refused("List is not in the spec language")
def with_list(s: Fields) -> bool:
    return len([s.level, 1]) == 2


@refused("Tuple is not in the spec language")
def with_tuple(s: Fields) -> bool:
    return len((s.level, 1)) > 1


@refused("Set is not in the spec language")
def with_set(s: Fields) -> bool:
    return len({s.level, 1}) > 1


@refused("Dict is not in the spec language")
def with_dict(s: Fields) -> bool:
    return len({s.level: 1}) > 1


@refused("'one': the spec language has only ints and bools")
def with_text(s: Fields) -> bool:
    return bool(s.level == "one")


@refused("None: the spec language has only ints and bools")
def with_none(s: Fields) -> bool:
    return bool(s.seen == None)


@refused("0.5: the spec language has only ints and bools")
def with_float(s: Fields) -> bool:
    return bool(s.level > 0.5)


@refused("Lambda is not in the spec language")
def with_lambda(s: Fields) -> bool:
    same: Any = lambda x: x
    return bool(same(s.level))


@refused("Try is not in the spec language")
def with_try(s: Fields) -> bool:
    try:
        return bool(s.level)
    except IndexError:
        return False


@refused("Import is not in the spec language")
def with_import(s: Fields) -> bool:
    import math

    return bool(math.isqrt(s.level))


@refused("only functions can be called, each by its bare name")
def with_method(s: Fields) -> bool:
    return bool(s.level.bit_count() > 1)


@refused("Div is not in the spec language")
def with_division(s: Fields) -> bool:
    return bool(s.level / 2 > 1)


@refused("Pow is not in the spec language")
def with_power(s: Fields) -> bool:
    return bool(s.level**2 > 1)


@refused("Div is not in the spec language")
def with_division_in_place(s: Fields) -> None:
    s.level /= 2


@refused("loops go over range(...)")
def with_loop_over_an_array(s: Fields) -> None:
    for number in s.row:
        s.level = number


@refused("loops go over range(...)")
def with_all_over_an_array(s: Fields) -> bool:
    return all(number > 1 for number in s.row)


@refused("a loop has one variable and no else")
def with_else_of_a_loop(s: Fields) -> None:
    for i in range(3):
        s.level = i
    else:
        s.level = 4


@refused("FunctionDef is not in the spec language")
def with_inner_function(s: Fields) -> bool:
    def inner() -> bool:
        return bool(s.level)

    return inner()


@refused("nowhere is neither a local, a bound, an ablation, an int nor a spec function")
def with_unknown_name(s: Fields) -> bool:
    return bool(s.level > nowhere)  # type: ignore[name-defined]


@refused("WORD is neither a local, a bound, an ablation, an int nor a spec function")
def with_text_of_the_module(s: Fields) -> bool:
    return bool(s.level > WORD)


@refused("sum is not a spec function")
def with_other_builtin(s: Fields) -> bool:
    return bool(sum(s.row) > 1)


@refused("all and any take one generator expression over ranges")
def with_all_of_a_list(s: Fields) -> bool:
    return all([s.level, s.seen])


@refused("one target an assignment")
def with_two_targets(s: Fields) -> None:
    s.level = s.seen = 1


@refused("Raise is not in the spec language")
def with_raise(s: Fields) -> bool:
    raise s.level


@refused("NamedExpr is not in the spec language")
def with_walrus(s: Fields) -> bool:
    return bool((n := s.level) > 1 and n < 3)


@refused("Delete is not in the spec language")
def with_delete(s: Fields) -> None:
    del s.level


@refused("Slice is not in the spec language")
def with_slice(s: Fields) -> bool:
    return len(s.row[1:]) > 1


@refused("index -1 is negative")
def with_negative_index(s: Fields) -> bool:
    return bool(s.row[NOTHING] > 1)


@refused("Is is not in the spec language")
def with_is(s: Fields) -> bool:
    return s.level is s.seen


@refused("In is not in the spec language")
def with_in(s: Fields) -> bool:
    return s.level in s.row


def sum_of(first: int, second: int = 3) -> int:
    """Add two numbers."""
    return first + second


@refused("sum_of takes first, second; give each of them once")
def with_a_default(s: Fields) -> bool:
    return sum_of(s.level) > 1


@refused("sum_of takes first, second; give each of them once")
def with_too_many_arguments(s: Fields) -> bool:
    return sum_of(s.level, 1, 2) > 1  # type: ignore[call-arg]


@refused("sum_of takes first, second; give each of them once")
def with_an_argument_twice(s: Fields) -> bool:
    return sum_of(s.level, first=1) > 1  # type: ignore[misc]


@refused("Starred is not in the spec language")
def with_star(s: Fields) -> bool:
    return bool(max(*s.row) > 1)


@refused("JoinedStr is not in the spec language")
def with_format(s: Fields) -> bool:
    return bool(len(f"{s.level}") > 1)
