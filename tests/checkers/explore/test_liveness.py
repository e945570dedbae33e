"""Liveness: planted properties with their exact lassos, and limits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from checkers.explore.liveness import SYMMETRY_IS_OFF, LivenessResult, check_liveness
from checkers.explore.outcome import SearchOptions
from checkers.replay import Replayed, replay_run
from checkers.verdict import Holds, Unknown, UserError, Violated
from specs.instance import at
from specs.language import Eventually
from tests.checkers.explore.lively import LAMP, WORK, asserts_dark, is_out


@cache
def lamp() -> LivenessResult:
    return check_liveness(at(LAMP))


@cache
def work() -> LivenessResult:
    return check_liveness(at(WORK), options=SearchOptions(properties=()))


def lasso(result: LivenessResult, name: str) -> tuple[tuple[str, ...], int | None]:
    """The steps of a violation, and where its loop begins."""
    verdict = result.verdicts[name]
    assert isinstance(verdict, Violated), verdict
    assert verdict.broken == name
    return tuple(str(m.step) for m in verdict.run.moments), verdict.run.loop


@pytest.mark.parametrize("name", ["out_strong", "lit_leads_to_out_strong", "dark_leads_to_lit"])
def test_a_property_that_holds_under_its_fairness_holds(name: str) -> None:
    assert lamp().verdicts[name] == Holds()


def test_weak_fairness_does_not_force_an_action_that_is_disabled_again_and_again() -> None:
    assert lasso(lamp(), "out_weak") == (("switch_on()", "switch_off()"), 0)


def test_without_fairness_a_behaviour_may_stutter_from_the_start() -> None:
    assert lasso(lamp(), "out_unfair") == ((), 0)


def test_a_step_that_changes_nothing_is_not_enabled() -> None:
    assert lasso(lamp(), "out_by_looking") == ((), 0)


def test_leads_to_fails_by_a_cycle_through_the_trigger() -> None:
    assert lasso(lamp(), "lit_leads_to_out") == (("switch_on()", "switch_off()"), 0)


def test_leads_to_fails_by_a_stutter_after_the_trigger() -> None:
    assert lasso(lamp(), "lit_leads_to_dark") == (("switch_on()", "burn_out()"), 2)


def test_always_eventually_fails_though_the_goal_was_met_before() -> None:
    assert lasso(lamp(), "lit_again_and_again") == (("switch_on()", "burn_out()"), 2)


def test_a_trigger_that_is_never_met_is_vacuous() -> None:
    assert lamp().verdicts["green_leads_to_out"] == Unknown(
        "vacuous at these bounds: the trigger is_green is never met"
    )


def test_an_action_is_starved_unless_each_binding_is_fair() -> None:
    assert lasso(work(), "moved_together") in [((f"move(worker={w})",) * 3, 1) for w in range(2)]
    assert work().verdicts["moved_each"] == Holds()


def test_counts_states_and_steps_that_change_something() -> None:
    assert (lamp().states, lamp().edges, lamp().exploration.transitions) == (3, 3, 5)
    assert (work().states, work().edges) == (9, 18)


@pytest.mark.parametrize("result", [lamp, work])
def test_every_lasso_replays_in_plain_python(result: object) -> None:
    spec, found = (LAMP, lamp()) if result is lamp else (WORK, work())
    violated = [v for v in found.verdicts.values() if isinstance(v, Violated)]
    assert violated
    for verdict in violated:
        assert isinstance(replay_run(at(spec), verdict), Replayed)


def test_symmetry_is_off_with_a_word() -> None:
    assert work().exploration.notes == (SYMMETRY_IS_OFF,)
    assert not work().exploration.symmetric


def test_another_violation_leaves_liveness_unknown() -> None:
    result = check_liveness(at(WORK), ("moved_each",))
    assert result.verdicts == {
        "moved_each": Unknown(
            "not checked: the search ended where no_lever_down_after_move is violated, before all states were found"
        )
    }


def test_a_limit_leaves_liveness_unknown() -> None:
    result = check_liveness(at(WORK), None, SearchOptions(properties=(), max_states=4))
    assert {type(v) for v in result.verdicts.values()} == {Unknown}
    assert result.states == 0


def test_too_little_memory_for_the_graph_leaves_liveness_unknown() -> None:
    result = check_liveness(at(LAMP), ("out_weak",), SearchOptions(memory_bytes=1 << 10))
    assert isinstance(result.verdicts["out_weak"], Unknown)


def test_unknown_names_and_compact_searches_are_refused() -> None:
    with pytest.raises(UserError, match="no liveness property 'nothing'; it has out_strong"):
        check_liveness(at(LAMP), ("nothing",))
    with pytest.raises(UserError, match="--compact 64"):
        check_liveness(at(LAMP), None, SearchOptions(hash_bits=64))


def test_a_predicate_that_meets_a_finding_is_a_violation_at_the_state() -> None:
    spec = replace(LAMP, liveness=(Eventually("faulty", is_out, (), trigger=asserts_dark),))
    verdict = check_liveness(at(spec)).verdicts["faulty"]
    assert isinstance(verdict, Violated)
    assert verdict.broken == "assertion"
    assert [str(m.step) for m in verdict.run.moments] == ["switch_on()"]
