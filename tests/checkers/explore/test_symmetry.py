"""Symmetry: one state for each orbit, and no symmetry where a spec tells ids apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checkers.explore.search import decide_symmetry
from checkers.explore.symmetry import renamed, symmetry_of
from checkers.explore.task import canonical
from checkers.replay import Replayed, replay_run
from checkers.verdict import Violated
from specs.instance import at
from specs.language import Spec, action, insert
from tests.checkers.explore.planted import COUNCIL, MEMBER, NODE, POST, SEAT, Council, Post
from tests.checkers.explore.searches import search
from tests.checkers.explore.single_states import graph, orbit, planted, representative

SYMMETRIC = ("post", "council")


@pytest.mark.parametrize("name", SYMMETRIC)
def test_states_under_symmetry_are_the_orbits(name: str) -> None:
    instance = planted(name)
    orbits = {representative(instance, words) for words in graph(name).states}
    engine, result = search(instance, properties=(), symmetric=True)
    found = [engine.store.state(k * 8 + p) for p, part in enumerate(engine.store.partitions) for k in range(part.known)]
    assert result.symmetric
    assert len(orbits) == result.distinct_states < len(graph(name).states)
    assert orbits == {representative(instance, words) for words in found}
    assert len(graph(name).levels) - 1 == result.max_depth
    assert graph(name).reached == result.reached


@pytest.mark.parametrize("name", SYMMETRIC)
def test_the_canonical_form_is_that_of_the_whole_orbit_and_of_nothing_else(name: str) -> None:
    instance = planted(name)
    engine = search(instance, properties=(), symmetric=True)[0]
    forms: dict[Any, set[Any]] = {}
    for words in sorted(graph(name).states)[::5]:
        forms.setdefault(representative(instance, words), set()).update(
            canonical(engine.compiled, engine.tasks[0], other) for other in orbit(instance, words)
        )
    assert {len(found) for found in forms.values()} == {1}
    assert len({next(iter(found)) for found in forms.values()}) == len(forms)
    for form in forms.values():
        assert representative(instance, next(iter(form))) in forms


@pytest.mark.parametrize(("spec", "broken", "depth"), [(POST, "someone_waits", 6), (COUNCIL, "one_seat_each", 3)])
def test_a_counterexample_found_under_symmetry_is_a_run_of_the_spec(spec: Spec, broken: str, depth: int) -> None:
    for symmetric in (True, False):
        result = search(at(spec), symmetric=symmetric)[1]
        assert isinstance(result.verdict, Violated)
        assert (symmetric, broken, depth) == (result.symmetric, result.verdict.broken, result.verdict.run.depth)
        assert isinstance(replay_run(at(spec), result.verdict), Replayed)


def test_renaming_moves_elements_ids_and_members_of_sets() -> None:
    instance = at(COUNCIL)
    state = instance.struct.default()
    state.factions = insert(insert(0, 0b011), 0b100)  # type: ignore[attr-defined]
    state.seats[0] = 2  # type: ignore[attr-defined]
    state.chair = 0  # type: ignore[attr-defined]
    moved = renamed(instance.struct, state, {"member": (1, 2, 0), "seat": (1, 0)})
    assert instance.struct.show(moved) == "(factions={{0},{1,2}} seats=[none 0] chair=1)"


def test_every_kind_of_id_that_has_two_members_is_renamed() -> None:
    assert symmetry_of(at(COUNCIL).struct).kinds == (("member", 3), ("seat", 2))
    assert symmetry_of(at(POST, nodes=4).struct).kinds == (("node", 4),)
    assert symmetry_of(at(POST, nodes=1).struct).kinds == ()
    assert len(list(symmetry_of(at(COUNCIL).struct).renamings())) == 12


# --------------------------------------------------------------------------------------- specs that tell ids apart


@action(sender=NODE, to=NODE)
def write_up(s: Post, sender: int, to: int) -> bool:
    """Write to a node with a greater number."""
    if sender >= to or s.got[to]:
        return False
    s.got[to] = True
    return True


def node_1_got_one(s: Post) -> None:
    """One node is special."""
    s.got[1] = True


@action(node=NODE)
def any_node_got_one(s: Post, node: int) -> None:
    """Any node may be special: closed under renaming."""
    s.got[node] = True


def node_0_waits(s: Post) -> bool:
    """Names a node."""
    return not s.got[0]


def member_0_has_no_chair(s: Council) -> bool:
    """Names a member."""
    return s.chair < 0 or s.seats[s.chair] != 0


@action(seat=SEAT, member=MEMBER)
def sit_in_order(s: Council, seat: int, member: int) -> bool:
    """Seats are taken from the left."""
    if s.seats[seat] >= 0 or (seat == 1 and s.seats[0] < 0):
        return False
    s.seats[seat] = member
    return True


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (replace(POST, actions=(write_up,)), "write_up tells ids apart"),
        (replace(POST, initial=node_1_got_one), "its initial states are not symmetric"),
        (replace(POST, invariants=(node_0_waits,)), "node_0_waits tells ids apart"),
        (replace(POST, reachable=(node_0_waits,)), "node_0_waits tells ids apart"),
        (replace(COUNCIL, invariants=(member_0_has_no_chair,)), "member_0_has_no_chair tells ids apart"),
        (replace(COUNCIL, actions=(sit_in_order,)), "sit_in_order tells ids apart"),
    ],
    ids=lambda value: value.name if isinstance(value, Spec) else value.split()[0],
)
@pytest.mark.parametrize("wanted", [None, True])
def test_a_spec_that_tells_ids_apart_is_searched_without_symmetry(
    spec: Spec,
    reason: str,
    wanted: bool | None,  # noqa: FBT001
) -> None:
    assert decide_symmetry(at(spec), wanted) == (False, (f"symmetry is off: {reason}",))


def test_initial_states_may_be_many_as_long_as_renaming_does_not_leave_them() -> None:
    assert decide_symmetry(at(replace(POST, initial=any_node_got_one)), None) == (True, ())


def test_symmetry_is_off_without_a_word_where_nothing_could_be_renamed_or_nobody_wants_it() -> None:
    assert decide_symmetry(at(POST, nodes=1), None) == (False, ())
    assert decide_symmetry(at(POST), False) == (False, ())  # noqa: FBT003


def test_a_search_says_why_it_goes_without_symmetry() -> None:
    result = search(at(replace(COUNCIL, invariants=(member_0_has_no_chair,))), symmetric=None)[1]
    assert not result.symmetric
    assert result.notes == ("symmetry is off: member_0_has_no_chair tells ids apart",)
