"""What is not in the spec language is refused with its place; what is compiled is kept by content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import cast

import pytest

from checkers.explore.compile import cache_folder, compile_spec
from checkers.explore.generate import Generator, Options
from checkers.explore.translate import Translator
from specs.instance import at
from specs.language import Int, SpecError, action, contains
from tests.checkers.explore.not_in_the_language import REFUSED
from tests.checkers.explore.planted import GAUGE, PLUS_100, POST, Gauge
from tests.checkers.explore.searches import replication
from tests.checkers.explore.single_states import SingleStates, plain_outcome


def twice(number: int, *, more: bool) -> int:
    """A function with an argument by name only."""
    return number * 2 if more else number


# ------------------------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(("function", "why"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_not_in_the_language_is_refused_with_its_place(function: FunctionType, why: str) -> None:
    with pytest.raises(SpecError) as caught:
        translated(function)
    code = function.__code__  # its first line is that of the decorator
    assert str(caught.value) == f"{code.co_filename}:{code.co_firstlineno + 2}: {function.__name__}: {why}"


def test_an_ablation_of_another_spec_is_refused() -> None:
    def stray(s: Gauge) -> bool:
        return PLUS_100 and s.level > 1

    with pytest.raises(SpecError, match="stray: ablation plus_100 is not among those of the spec"):
        translated(stray)


def test_a_local_may_not_take_a_name_that_translated_code_needs() -> None:
    def called_fit(s: Gauge) -> bool:
        fit = s.level + 1
        return fit > 1

    with pytest.raises(SpecError, match="called_fit: a local can't be called fit"):
        translated(called_fit)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(SpecError, match="is not a plain function"):
        Translator({}, ()).name_of(print)


def translated(function: Callable[..., object]) -> str:
    """The source of a function and of all that it calls."""
    translator = Translator({}, ())
    translator.name_of(function)
    return "\n\n".join(translator.texts)


# ------------------------------------------------------------------------------------------------------------- allowed


@action(by=Int(1, 2))
def everything(s: Gauge, by: int) -> bool:
    """Whatever the language has, in one function."""
    if not 0 <= s.level + by <= 6:
        return False
    total: int = 0
    for i in range(len(s.row) - 1, -1, -1):
        if i == 1:
            continue
        total += s.row[i] if s.row[i] > 0 else -1
        if total < -9:
            break
    s.row[by] += twice(number=1, more=s.level > 1 and total == -2)
    s.row[by] -= 1
    s.row[2] = min(s.row[2] ^ by, 3)
    low = -by
    odd = s.level % 2 == 1
    if odd or all(any(s.row[i] <= by + low + j for j in range(i, 3)) for i in range(by) if contains(5, i)):
        s.level += by
    return s.row[by] <= 3


def test_whatever_the_language_has_means_the_same_compiled() -> None:
    instance = at(replace(GAUGE, actions=(everything,), invariants=(), step_properties=(), reachable=()))
    code = SingleStates(instance, Options())
    for level in range(7):
        for row in range(64):
            state = cast("Gauge", instance.struct.default())
            state.level = level
            for i in range(3):
                state.row[i] = row >> 2 * i & 3
            words = instance.encode(state)
            assert plain_outcome(instance, words) == code.outcome(words), state


def test_names_that_the_generated_module_has_itself_are_free_for_specs() -> None:
    text = Generator(at(replace(GAUGE, actions=(expand, pack, mix))), Options()).source()
    assert text.count("def expand(") == text.count("def pack(") == 1
    assert "def mix(" not in text
    instance = at(replace(GAUGE, actions=(expand, pack, mix), invariants=()))
    words = instance.encode(next(instance.initial_states()))
    assert plain_outcome(instance, words) == SingleStates(instance, Options()).outcome(words)


@action()
def expand(s: Gauge) -> bool:
    """Called as the engine's own function."""
    s.level = min(s.level + 1, 6)
    return True


@action()
def pack(s: Gauge) -> bool:
    """Called as the engine's own function."""
    s.level = 2
    return mix(s)


@action()
def mix(s: Gauge) -> bool:
    """Called as the engine's own function."""
    s.row[0] = 1
    return True


# ----------------------------------------------------------------------------------------------------- generated source


def test_the_source_is_the_same_every_time() -> None:
    for instance, again in ((replication(), replication()), (at(POST), at(POST))):
        for options in (Options(), Options(symmetric=True, refinements=True)):
            assert Generator(instance, options).source() == Generator(again, options).source()


def test_bounds_are_literals_and_ablations_are_bits() -> None:
    text = Generator(at(GAUGE, top=77), Options()).source()
    assert "77" in text
    assert "TOP" not in text
    assert "_flags >> 3 & 1" in text
    assert text == Generator(at(GAUGE, "plus_100", top=77), Options()).source()


# ------------------------------------------------------------------------------------------------------------ the cache


def variant_of_climb(by: int) -> Callable[..., bool]:
    """Two functions of one name whose bodies differ."""

    @action()
    def climb(s: Gauge) -> bool:
        if s.level >= 5:
            return False
        s.level = s.level + 1
        return True

    @action()
    def other(s: Gauge) -> bool:
        if s.level >= 5:
            return False
        s.level = s.level + 2
        return True

    other.__name__ = "climb"
    return climb if by == 1 else other


def modules(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own. Nothing is compiled until a function is called."""
    monkeypatch.setenv("LOGPROOF_CACHE", str(tmp_path / "new" / "cache"))
    return tmp_path / "new" / "cache"


def test_another_body_is_another_module(empty_cache: Path) -> None:
    for by, count in ((1, 1), (1, 1), (2, 2)):
        compile_spec(at(replace(GAUGE, actions=(variant_of_climb(by),))), Options())
        assert len(modules(empty_cache)) == count
    compile_spec(at(replace(GAUGE, actions=(variant_of_climb(1),)), top=9), Options())
    assert len(modules(empty_cache)) == 3


def test_a_variant_that_only_switches_guards_off_is_no_other_module(empty_cache: Path) -> None:
    for variant in ("fixed", "plus_100", "asserts"):
        compile_spec(at(GAUGE, variant), Options())
    assert len(modules(empty_cache)) == 1


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for chosen in (tmp_path / "file", tmp_path / "file" / "below"):
        monkeypatch.setenv("LOGPROOF_CACHE", str(chosen))
        assert cache_folder().parent == tmp_path
        assert cache_folder() != tmp_path / "file"
    monkeypatch.delenv("LOGPROOF_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder().parent == tmp_path
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / "logproof"
