"""A spec gets its bounds and its variant, or a refusal that says why; its functions then run as plain Python."""

from __future__ import annotations

import inspect
from itertools import islice
from typing import Any

import pytest

from specs.instance import FIXED, Step, at, variants
from specs.language import (
    Array,
    Bool,
    Expect,
    Id,
    Int,
    Maybe,
    OutOfRange,
    Record,
    Spec,
    SpecError,
    Variant,
    ablation,
    action,
    bound,
)

HOLDERS = bound("holders", 2, low=1, high=4, doc="who may hold something")
COINS_MAX = bound("coins_max", 3, low=1, high=300, doc="coins that a holder may have")
LAST = HOLDERS - 1
HOLDER = Id("holder", HOLDERS)

UNGUARDED = ablation("unguarded", "Takes more than there is.", Expect("in_range", 1, {"holders": 1}))
ASSERTS = ablation("asserts", "Asserts what is false.")


class Purse(Record):
    """Somebody's coins."""

    coins = Int(0, COINS_MAX)


class State(Record):
    """Purses, and whose turn it is."""

    purses = Array(Purse, HOLDER)
    turn = Maybe(HOLDER)
    is_open = Bool()


def initial(s: State) -> None:
    """The last holder has one coin."""
    s.purses[HOLDERS - 1].coins = 1


@action(giver=HOLDER, taker=HOLDER)
def give(s: State, giver: int, taker: int) -> bool:
    """Hand over a coin; it is gone for a moment."""
    if giver == taker or not can_give(s, giver):
        return False
    s.purses[giver].coins = s.purses[giver].coins - 1
    s.purses[taker].coins = s.purses[taker].coins + 1
    s.turn = taker
    return True


def can_give(s: State, giver: int) -> bool:
    """Whether there is a coin to give, or nobody asks."""
    return UNGUARDED or s.purses[giver].coins > 0


@action()
def swing(s: State) -> bool:
    """Leave the range and come back."""
    purse = s.purses[0]
    purse.coins = purse.coins - 1
    purse.coins = purse.coins + 1
    assert not ASSERTS
    return True


@action(coins=Int(0, COINS_MAX + 1))
def mint(s: State, coins: int) -> bool:
    """Make coins, more than fit one purse if one asks for them."""
    if s.is_open:
        return False
    s.purses[HOLDERS - 1].coins = coins
    s.is_open = True
    return True


@action(purse=HOLDER, coins=Int(0, 1000))
def flood(s: State, purse: int, coins: int) -> bool:
    """Put more coins into a purse than its storage holds."""
    s.purses[purse].coins = coins
    return True


def last_is_rich(s: State) -> bool:
    """The last holder has a coin."""
    return s.purses[LAST].coins > 0


def in_range(s: State) -> bool:
    """Nobody has more than fits."""
    return all(s.purses[h].coins <= COINS_MAX for h in range(HOLDERS))


FLOODED = Variant("flooded", "Flooding instead of minting.", replaces=((mint, flood),))
SPEC = Spec(
    name="purses",
    doc="Coins change hands.",
    state=State,
    initial=initial,
    actions=(give, swing, mint),
    bounds=(HOLDERS, COINS_MAX),
    invariants=(in_range,),
    ablations=(UNGUARDED, ASSERTS),
    variants=(FLOODED,),
)


def spec_of(*actions: Any, **parts: Any) -> Spec:  # noqa: ANN401
    parts = {"state": State, "initial": initial, "bounds": (HOLDERS, COINS_MAX), **parts}
    return Spec(name="other", doc="", actions=actions, **parts)


def first_state(spec: Spec = SPEC, variant: str = FIXED, **bounds: int) -> tuple[Any, Any]:
    instance = at(spec, variant, **bounds)
    return instance, next(instance.initial_states())


def step(action: str, **parameters: int) -> Step:
    return Step(action, tuple(parameters.items()))


# -------------------------------------------------------------------------------------------------- bounds and variants


def test_bounds_that_are_not_given_have_their_defaults() -> None:
    assert {"holders": 2, "coins_max": 5} == at(SPEC, coins_max=5).bounds


@pytest.mark.parametrize("value", [0, 5, -1, True, 2.0, "2"])
def test_a_bound_out_of_range_or_of_another_type_is_named(value: Any) -> None:  # noqa: ANN401
    with pytest.raises(SpecError) as error:
        at(SPEC, holders=value)
    expected = f"bound holders={value!r}: must be an integer from 1 to 4 (who may hold something)"
    assert expected == str(error.value)


def test_an_unknown_bound_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SpecError) as error:
        at(SPEC, purses=2)
    assert "purses has no bound 'purses'; it has holders, coins_max" == str(error.value)


def test_an_unknown_variant_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SpecError) as error:
        at(SPEC, "unbounded")
    assert "purses has no variant 'unbounded'; it has fixed, flooded, unguarded, asserts" == str(error.value)


def test_each_ablation_alone_is_a_variant() -> None:
    found = variants(SPEC)["unguarded"]
    assert (UNGUARDED,) == found.ablations
    assert ("in_range",) == tuple(e.breaks for e in found.expects)


@pytest.mark.parametrize(
    ("domains", "complaint"),
    [
        ({}, "other.grab takes holder but declares none: name each parameter after the state, in order"),
        ({"taker": HOLDER}, "other.grab takes holder but declares taker"),
        ({"holder": HOLDER, "taker": HOLDER}, "other.grab takes holder but declares holder, taker"),
        ({"holder": Int(1, 0)}, "other.grab(holder): Int(1, 0) is 1..0 at these bounds, which holds no value"),
    ],
)
def test_parameters_that_are_not_as_declared_are_refused(domains: dict[str, Any], complaint: str) -> None:
    @action(**domains)
    def grab(_s: State, holder: int) -> bool:
        return holder == 0

    with pytest.raises(SpecError) as error:
        first_state(spec_of(grab))[0].actions  # noqa: B018 - resolved when first asked for
    assert complaint in str(error.value)


def test_a_bound_that_the_spec_does_not_list_is_named() -> None:
    with pytest.raises(SpecError, match="bound coins_max is used but is not among those of the spec: holders"):
        first_state(spec_of(bounds=(HOLDERS,)))


def test_an_ablation_has_no_value_outside_an_instance() -> None:
    _, state = first_state()
    with pytest.raises(SpecError, match="ablation unguarded has no value here"):
        can_give(state, 0)


def test_a_bound_has_no_value_outside_an_instance() -> None:
    _, state = first_state()
    with pytest.raises(SpecError, match="holders has no value here"):
        in_range(state)


# --------------------------------------------------------------------------------------------- functions in an instance


def test_functions_are_rebound_with_all_that_they_call_and_keep_their_code() -> None:
    fixed, ablated = at(SPEC), at(SPEC, "unguarded")
    state = next(fixed.initial_states())
    assert (False, True) == (fixed.rebind(can_give)(state, 0), ablated.rebind(can_give)(state, 0))
    assert give.__code__ is ablated.rebind(give).__code__
    assert initial.__globals__["HOLDERS"] is HOLDERS


def test_bounds_inside_generator_expressions_are_rebound() -> None:
    instance, state = first_state(holders=4, coins_max=1)
    assert instance.rebind(in_range)(state)


def test_a_constant_that_is_arithmetic_over_bounds_is_rebound() -> None:
    instance, state = first_state(holders=4)
    assert instance.rebind(last_is_rich)(state)


def test_an_action_knows_its_docstring_and_its_parameters() -> None:
    bound_action = at(SPEC, holders=3).actions[0]
    assert inspect.getdoc(give) == bound_action.doc
    assert [("giver", 0, 2), ("taker", 0, 2)] == [(n, s.low, s.high) for n, s in bound_action.parameters]


def test_bindings_range_over_the_domains_with_the_last_parameter_fastest() -> None:
    assert [(0, 0), (0, 1), (1, 0), (1, 1)] == list(at(SPEC).actions[0].bindings())


def test_a_parameter_that_may_be_none_takes_none_first() -> None:
    @action(holder=Maybe(HOLDER))
    def pick(_s: State, holder: int) -> bool:
        return holder >= 0

    assert [(-1,), (0,), (1,)] == list(at(spec_of(pick)).actions[0].bindings())


def test_initial_states_range_over_the_parameters_of_initial() -> None:
    @action(turn=Maybe(HOLDER))
    def anyone(s: State, turn: int) -> None:
        s.turn = turn

    assert [-1, 0, 1] == [s.turn for s in at(spec_of(initial=anyone)).initial_states()]  # type: ignore[attr-defined]


def test_a_variant_replaces_an_action_in_its_place() -> None:
    assert ["give", "swing", "flood"] == [a.name for a in at(SPEC, "flooded").actions]


# ---------------------------------------------------------------------------------------------------------------- steps


def test_a_step_leaves_the_state_before_it_alone() -> None:
    instance, state = first_state()
    after = instance.take(state, step("give", giver=1, taker=0))
    assert "(purses=[(coins=0) (coins=1)] turn=none is_open=false)" == repr(state)
    assert "(purses=[(coins=1) (coins=0)] turn=0 is_open=false)" == repr(after)


def test_a_step_whose_guard_fails_leads_nowhere() -> None:
    instance, state = first_state()
    assert instance.take(state, step("give", giver=0, taker=1)) is None


def test_steps_are_the_enabled_ones_in_order() -> None:
    instance, state = first_state(coins_max=1)
    enabled = [str(step) for step, _ in islice(instance.steps(state), 4)]
    assert ["give(giver=1, taker=0)", "swing()", "mint(coins=0)", "mint(coins=1)"] == enabled


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        (step("steal", giver=0), r"purses \(fixed\) has no action steal\(giver=0\)"),
        (step("give", giver=0), r"purses \(fixed\) has no action give\(giver=0\)"),
        (step("flood", purse=0, coins=0), r"purses \(fixed\) has no action flood"),
        (step("give", giver=0, taker=2), r"give\(giver=0, taker=2\): taker must be from 0 to 1"),
        (step("give", giver=-1, taker=0), r"give\(giver=-1, taker=0\): giver must be from 0 to 1"),
    ],
)
def test_a_step_that_there_is_not_is_refused(wanted: Step, complaint: str) -> None:
    instance, state = first_state()
    with pytest.raises(SpecError, match=complaint):
        instance.take(state, wanted)


# -------------------------------------------------------------------------------------------------- ranges and findings


def test_a_value_may_leave_its_range_within_an_action() -> None:
    instance, state = first_state()
    assert state == instance.take(state, step("swing"))


def test_a_value_that_ends_an_action_out_of_range_is_a_finding_that_names_field_value_and_range() -> None:
    instance, state = first_state(coins_max=3)
    with pytest.raises(OutOfRange) as error:
        instance.take(state, step("mint", coins=4))
    assert "purses[1].coins = 4 leaves its range 0..3" == str(error.value)


def test_a_switched_off_guard_is_found_by_the_range_that_it_kept() -> None:
    instance, state = first_state(variant="unguarded")
    with pytest.raises(OutOfRange, match=r"purses\[0\].coins = -1 leaves its range 0\.\.3"):
        instance.take(state, step("give", giver=0, taker=1))


@pytest.mark.parametrize(("coins_max", "storage_bits"), [(3, 8), (127, 8), (128, 16), (300, 16)])
def test_states_are_stored_in_the_narrowest_integers_that_hold_every_range(coins_max: int, storage_bits: int) -> None:
    assert storage_bits == at(SPEC, coins_max=coins_max).storage_bits


def test_a_value_that_the_storage_does_not_hold_is_a_finding_at_once() -> None:
    instance, state = first_state(variant="flooded", coins_max=3)
    with pytest.raises(OutOfRange) as error:
        instance.take(state, step("flood", purse=0, coins=128))
    assert "Purse.coins = 128 leaves its range 0..3" == str(error.value)


def test_a_failed_assertion_is_a_finding_and_no_disabled_action() -> None:
    instance, state = first_state(variant="asserts")
    with pytest.raises(AssertionError):
        instance.take(state, step("swing"))
