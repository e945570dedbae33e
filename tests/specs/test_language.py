"""Declared state behaves as declared, and what can't be is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from specs.language import (
    NONE,
    Array,
    Bag,
    Bool,
    FieldType,
    Id,
    Int,
    Maybe,
    Nested,
    OutOfRange,
    Record,
    SetOf,
    SpecError,
    add,
    bound,
    contains,
    count,
    insert,
    is_full,
    is_subset,
    remove,
    take,
)
from specs.shape import resolve

SIZE = bound("size", 2, low=1, high=4, doc="entries of a log")
NODE = Id("node", 3)


class Entry(Record):
    """A record in a log."""

    id = Maybe(Int(0, 7))
    epoch = Int(-2, 5)


class Node(Record):
    """A log, and what its owner believes."""

    log = Array(Entry, SIZE)
    leader = Maybe(NODE)
    isr = SetOf(NODE)
    is_fenced = Bool()


class Message(Record):
    """A fetch."""

    source = NODE
    offset = Int(0, 3)


class State(Record):
    """Nodes and a network."""

    nodes = Array(Node, NODE)
    first = Nested(Node)
    asked = SetOf(SetOf(NODE))
    network = Bag(Message, 2)


def state(**bounds: int) -> Any:  # noqa: ANN401 - a State, with ints where the compiled form has ints
    return resolve(State, {"size": 2, **bounds}, "state").default()


def holding(field: FieldType[Any]) -> type[Record]:
    return type("Holder", (Record,), {"field": field})


# ------------------------------------------------------------------------------------------ bounds and their arithmetic


@pytest.mark.parametrize("value", [0, 5, True, 2.0, "2", None])
def test_a_bound_refuses_what_is_not_an_integer_in_its_range(value: Any) -> None:  # noqa: ANN401
    with pytest.raises(SpecError) as error:
        SIZE.check(value)  # type: ignore[attr-defined]
    assert f"bound size={value!r}: must be an integer from 1 to 4 (entries of a log)" == str(error.value)


def test_a_default_outside_its_own_range_is_refused() -> None:
    with pytest.raises(SpecError, match="bound replicas=9: must be an integer from 1 to 6"):
        bound("replicas", 9, low=1, high=6, doc="replicas")


def test_declarations_compute_with_bounds() -> None:
    shape = resolve(holding(Int(0, (SIZE + 1) * 2 - SIZE)), {"size": 4}, "state").shape_of("field")
    assert (0, 6) == (shape.low, shape.high)


def test_numbers_may_come_first_in_the_arithmetic_of_declarations() -> None:
    values = {"size": 4}
    assert [5, 6, 8, -4] == [e.value(values) for e in (1 + SIZE, 10 - SIZE, 2 * SIZE, -SIZE)]  # type: ignore[attr-defined]


def test_arithmetic_over_bounds_prints_as_it_is_written() -> None:
    assert "((size + 1) * 2)" == repr((SIZE + 1) * 2)


@pytest.mark.parametrize("use", [range, lambda size: size > 1, lambda size: size + 1 > 1, lambda size: 1 < size])
def test_a_bound_has_no_value_outside_an_instance(use: Any) -> None:  # noqa: ANN401
    with pytest.raises(SpecError, match="has no value here: call the function of an instance"):
        use(SIZE)


def test_an_undeclared_bound_is_named() -> None:
    with pytest.raises(SpecError, match="bound size is used but is not among those of the spec: replicas"):
        resolve(State, {"replicas": 3}, "state")


# ------------------------------------------------------------------------------------------------- what can be declared


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        (Int(3, 2), "Int(3, 2) is 3..2 at these bounds, which holds no value"),
        (Int(1, SIZE - 2), "Int(1, (size - 2)) is 1..0 at these bounds, which holds no value"),
        (Int(0, 1 << 62), "Int(0, 4611686018427387904) is 0..4611686018427387904 at these bounds; the limit is"),
        (Int(-(1 << 62), 0), "at these bounds; the limit is"),
        (Maybe(Int(-1, 2)), "Maybe of a range that holds -1; -1 means none, so it must start at 0 or above"),
        (Maybe(Maybe(Int(0, 2))), "Maybe of a range that holds -1"),  # type: ignore[arg-type]
        (SetOf(Int(0, 62)), "a set of 0..62; members must be from 0 to 61 at most"),
        (SetOf(Int(1, 3)), "a set of 1..3; members must be from 0 to 61 at most"),
        (SetOf(SetOf(Int(0, 5))), "a set of 0..63; members must be from 0 to 61 at most"),
        (Id("node", SIZE - 2), "0 of node at these bounds; there must be one at least"),
        (Array(Int(0, 1), SIZE - 2), "an array of 0 at these bounds; it needs at least one element"),
        (Bag(Message, SIZE - 2), "a bag of 0 at these bounds; it must hold one message at least"),
        (Bag(State, 2), "a message of type State holds a bag, which messages can't"),
        (Array(int, 2), "<class 'int'> is not a scalar type"),
    ],
)
def test_what_can_not_be_declared_is_refused_with_the_field_and_the_reason(
    field: FieldType[Any], complaint: str
) -> None:
    with pytest.raises(SpecError) as error:
        resolve(holding(field), {"size": 2}, "state")
    assert str(error.value).startswith("state.field: ")
    assert complaint in str(error.value)


@pytest.mark.parametrize("name", ["fields", "store", "struct", "values"])
def test_a_field_can_not_hide_what_every_record_has(name: str) -> None:
    with pytest.raises(SpecError, match=rf"Holder\.{name}: a field can't have this name"):
        type("Holder", (Record,), {name: Int(0, 1)})


def test_two_fields_of_one_declaration_are_two_fields() -> None:
    s = state()
    s.first.log[0].id = 3
    s.network.count = 0
    assert "id epoch" == " ".join(Entry.fields)
    assert (NONE, 3) == (s.first.log[1].id, s.first.log[0].id)


def test_a_record_inherits_fields() -> None:
    class Dated(Entry):
        """An entry with a date."""

        date = Int(0, 3)

    assert ["id", "epoch", "date"] == list(Dated.fields)
    assert ["id", "epoch"] == list(Entry.fields)


# --------------------------------------------------------------------------------------------------- records and arrays


def test_a_field_starts_at_none_or_at_its_lowest_value() -> None:
    node = state().nodes[1]
    assert (NONE, -2) == (node.log[0].id, node.log[0].epoch)
    assert (NONE, 0, 0) == (node.leader, node.isr, node.is_fenced)


def test_an_assigned_record_is_a_copy() -> None:
    s = state()
    s.nodes[0].log[0].id = 4
    s.nodes[1] = s.nodes[0]
    s.first = s.nodes[0]
    s.nodes[0].log[0].id = 5
    assert (5, 4, 4) == (s.nodes[0].log[0].id, s.nodes[1].log[0].id, s.first.log[0].id)


def test_an_assigned_array_is_a_copy() -> None:
    s = state()
    s.nodes[0].log[1].epoch = 2
    s.first.log = s.nodes[0].log
    s.first.log[1].epoch = 3
    assert (2, 3) == (s.nodes[0].log[1].epoch, s.first.log[1].epoch)


def test_a_sub_record_is_a_reference() -> None:
    s = state()
    entry = s.nodes[2].log[1]
    entry.id = 6
    assert 6 == s.nodes[2].log[1].id


def test_a_reference_sees_what_is_assigned_in_its_place() -> None:
    s = state()
    node, first, entry = s.nodes[0], s.first, s.nodes[0].log[1]
    s.nodes[1].log[1].id = 4
    s.nodes[0] = s.nodes[1]
    s.first = s.nodes[1]
    assert (4, 4, 4) == (node.log[1].id, first.log[1].id, entry.id)
    s.nodes[1].log[1].id = 5
    assert (4, 4) == (entry.id, s.first.log[1].id)


@pytest.mark.parametrize("index", [-1, 2, 99])
def test_there_is_no_index_outside_an_array(index: int) -> None:
    log = state().nodes[0].log
    with pytest.raises(OutOfRange, match=rf"index {index} is outside 0\.\.1"):
        log[index]
    with pytest.raises(OutOfRange, match=rf"index {index} is outside 0\.\.1"):
        log[index] = log[0]


@pytest.mark.parametrize("value", [1.5, "1", None])
def test_a_scalar_takes_ints_and_bools_alone(value: Any) -> None:  # noqa: ANN401
    with pytest.raises(SpecError) as error:
        state().first.leader = value
    assert f"Node.leader = {value!r}: a field takes an int or a bool" == str(error.value)


def test_a_bool_is_stored_as_an_int() -> None:
    s = state()
    s.first.is_fenced = True
    assert "1" == str(s.first.is_fenced)


def test_a_record_field_takes_no_other_record() -> None:
    s = state()
    with pytest.raises(SpecError, match=r"State\.first = .*: takes a Node"):
        s.first = s.nodes[0].log[0]


def test_an_array_field_takes_no_list() -> None:
    with pytest.raises(SpecError, match=r"Node\.log = \[1, 2\]: takes an array of 2"):
        state().first.log = [1, 2]


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(SpecError, match="Node has no field 'leader_id'; it has log, leader, isr, is_fenced"):
        state().first.leader_id = 1


def test_records_are_equal_by_value_and_can_not_be_keys() -> None:
    a, b = state(), state()
    assert a == b
    b.nodes[2].log[1].id = 0
    assert a != b
    with pytest.raises(TypeError):
        hash(a)


# ------------------------------------------------------------------------------------------------- how states are shown


def test_a_state_is_shown_with_none_and_sets_and_messages_as_such() -> None:
    s = state(size=1)
    s.first.log[0].id = 0
    s.first.isr = insert(insert(0, 2), 0)
    s.first.is_fenced = True
    s.asked = insert(insert(0, s.first.isr), 0)
    add(s.network).offset = 3
    add(s.network).source = 2
    assert "(log=[(id=none epoch=-2)] leader=none isr={} is_fenced=false)" == repr(s.nodes[1])
    assert "(log=[(id=0 epoch=-2)] leader=none isr={0,2} is_fenced=true)" == repr(s.first)
    assert repr(s).endswith("asked={{},{0,2}} network={(source=0 offset=3), (source=2 offset=0)})")


# -------------------------------------------------------------------------------------------------------- sets and bags


def test_sets_behave_as_sets() -> None:
    for members in range(16):
        as_set = {m for m in range(4) if members >> m & 1}
        assert len(as_set) == count(members)
        assert not contains(members, NONE)
        for member in range(4):
            assert (member in as_set) == contains(members, member)
            assert sum(1 << m for m in as_set | {member}) == insert(members, member)
            assert sum(1 << m for m in as_set - {member}) == remove(members, member)
        for others in range(16):
            assert (as_set <= {m for m in range(4) if others >> m & 1}) == is_subset(members, others)


def test_the_largest_set_is_counted_to_its_end() -> None:
    assert 62 == count((1 << 62) - 1)


def test_a_bag_takes_messages_until_it_is_full() -> None:
    network = state().network
    assert not is_full(network)
    add(network).offset = 1
    add(network).offset = 2
    assert is_full(network)
    with pytest.raises(AssertionError):
        add(network)


def test_what_is_taken_leaves_no_trace_in_a_bag() -> None:
    network = state().network
    add(network).offset = 1
    add(network).offset = 2
    take(network, 0)
    assert "{(source=0 offset=2)}" == repr(network)
    assert (0, 0) == (network.items[1].source, network.items[1].offset)
    take(network, 0)
    assert state().network == network


def test_a_message_that_is_not_there_can_not_be_taken() -> None:
    with pytest.raises(AssertionError):
        take(state().network, 0)
