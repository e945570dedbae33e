"""The packed form is the identity of a state: nothing is lost, and the order of messages is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specs.instance import at
from specs.language import (
    NONE,
    Array,
    Bag,
    Bool,
    Id,
    Int,
    Maybe,
    Nested,
    OutOfRange,
    Record,
    SetOf,
    Spec,
    SpecError,
    add,
    bound,
)
from specs.shape import Scalar, Struct, Vector

if TYPE_CHECKING:
    from specs.packing import Packing

Draw = Callable[[st.SearchStrategy[Any]], Any]
SIZE = bound("size", 3, low=1, high=4, doc="entries of a log")
NODE = Id("node", 3)


class Entry(Record):
    """A record in a log."""

    id = Maybe(Int(0, 6))
    epoch = Int(-3, 4)
    constant = Int(5, 5)


class Log(Record):
    """A log, and numbers of all widths."""

    entries = Array(Entry, SIZE)
    grid = Array(Array(Bool(), 2), NODE)  # type: ignore[call-overload]
    offset = Int(0, 1 << 40)
    timestamp = Int(-(1 << 60), 1 << 60)


class Message(Record):
    """A fetch."""

    source = NODE
    epoch = Maybe(Int(0, 4))
    voters = SetOf(NODE)
    entries = Array(Maybe(Int(0, 2)), 2)


class Link(Record):
    """A network between two."""

    sent = Bag(Message, 2)
    acknowledged = Int(0, 9)


class Cluster(Record):
    """Two networks, one of them inside an array."""

    logs = Array(Log, 2)
    isr = Maybe(SetOf(NODE))
    asked = Array(SetOf(SetOf(NODE)), SIZE)
    everyone = SetOf(Int(0, 61))
    network = Bag(Message, SIZE)
    link = Nested(Link)
    is_open = Bool()


class Links(Record):
    """All of them."""

    links = Array(Link, 3)
    entries = Bag(Entry, 4)


RECORDS = [Entry, Log, Message, Cluster, Link, Links]


def packed(record: type[Record], size: int = 3) -> Packing:
    """The packing of a spec's state."""
    spec = Spec(name="state", doc="", state=record, initial=lambda _s: None, actions=(), bounds=(SIZE,))
    return at(spec, size=size).packing


def fill(draw: Draw, shape: Any, record: Any) -> None:  # noqa: ANN401
    """Write any values at all that the ranges allow."""
    if shape.bag:
        message = shape.by_name["items"].element
        for _ in range(draw(st.integers(0, shape.by_name["items"].length - 1))):
            fill(draw, message, add(record))
        return
    for name, inner in shape.fields:
        record.values[name] = value_of(draw, inner, record.values[name])


def value_of(draw: Draw, shape: Any, value: Any) -> Any:  # noqa: ANN401
    """A value of a shape; `value` is changed and returned where it is a record or an array."""
    if isinstance(shape, Scalar):
        return draw(st.integers(shape.low, shape.high))
    if isinstance(shape, Vector):
        value.values = [value_of(draw, shape.element, v) for v in value.values]
    else:
        fill(draw, shape, value)
    return value


@st.composite
def states(draw: st.DrawFn, record: type[Record]) -> tuple[Packing, Any]:
    """A packing at some bounds and a state at the same."""
    found = packed(record, draw(st.integers(1, 4)))
    state = found.struct.default()
    fill(draw, found.struct, state)
    return found, state


any_state = st.sampled_from(RECORDS).flatmap(states)


def shuffled(draw: Draw, shape: Any, value: Any) -> Any:  # noqa: ANN401
    """The same value with the messages of every bag in another order."""
    if isinstance(shape, Vector):
        value.values = [shuffled(draw, shape.element, v) for v in value.values]
    elif isinstance(shape, Struct) and shape.bag:
        items, count = value.values["items"].values, value.values["count"]
        items[:count] = draw(st.permutations(items[:count]))
    elif isinstance(shape, Struct):
        for name, inner in shape.fields:
            value.values[name] = shuffled(draw, inner, value.values[name])
    return value


# ---------------------------------------------------------------------------------------------------------- round trips


@given(any_state)
def test_words_survive_a_round_trip(drawn: tuple[Packing, Any]) -> None:
    found, state = drawn
    words = found.encode(state)
    assert words == found.encode(found.decode(words))


@given(st.sampled_from([Entry, Log, Message]).flatmap(states))
def test_states_without_messages_survive_a_round_trip(drawn: tuple[Packing, Any]) -> None:
    found, state = drawn
    assert state == found.decode(found.encode(state))


@given(any_state)
def test_every_word_fits_64_bits(drawn: tuple[Packing, Any]) -> None:
    found, state = drawn
    words = found.encode(state)
    assert found.words == len(words)
    assert all(0 <= word < 1 << 64 for word in words)


@given(st.data(), st.sampled_from([Cluster, Link, Links]))
def test_the_order_of_messages_is_no_part_of_a_state(data: st.DataObject, record: type[Record]) -> None:
    found, state = data.draw(states(record))
    words = found.encode(state)
    twin = shuffled(data.draw, found.struct, found.struct.stored(state, "state"))
    assert words == found.encode(twin)


@given(any_state)
def test_decoding_is_canonical(drawn: tuple[Packing, Any]) -> None:
    found, state = drawn
    canonical = found.decode(found.encode(state))
    assert canonical == found.decode(found.encode(canonical))


@given(st.data(), st.sampled_from([Entry, Log, Message]))
def test_different_states_have_different_words(data: st.DataObject, record: type[Record]) -> None:
    found = packed(record)
    one, other = found.struct.default(), found.struct.default()
    fill(data.draw, found.struct, one)
    fill(data.draw, found.struct, other)
    assert (one == other) == (found.encode(one) == found.encode(other))


def test_what_lies_beyond_the_messages_of_a_bag_is_no_part_of_a_state() -> None:
    found = packed(Link)
    state: Any = found.struct.default()
    state.sent.items[1].source = 2
    assert found.encode(found.struct.default()) == found.encode(state)


def test_messages_decode_in_one_order_whatever_order_they_were_sent_in() -> None:
    found = packed(Link)
    state: Any = found.struct.default()
    for source in (2, 0):
        add(state.sent).source = source
    decoded: Any = found.decode(found.encode(state))
    assert [0, 2] == [decoded.sent.items[k].source for k in range(2)]


def test_equal_messages_are_counted() -> None:
    found = packed(Link)
    state: Any = found.struct.default()
    add(state.sent)
    once = found.encode(state)
    add(state.sent)
    assert once != found.encode(state)
    decoded: Any = found.decode(found.encode(state))
    assert 2 == decoded.sent.count


# ----------------------------------------------------------------------------------------------------------- the layout


@pytest.mark.parametrize(
    ("field", "bits"),
    [
        (Int(5, 5), 0),
        (Int(0, 1), 1),
        (Int(-3, 4), 3),
        (Maybe(Int(0, 6)), 3),
        (Maybe(Int(0, 7)), 4),
        (Bool(), 1),
        (Id("node", 5), 3),
        (SetOf(Id("node", 5)), 5),
        (SetOf(SetOf(Id("node", 3))), 8),
        (SetOf(Int(0, 61)), 62),
        (Int(-(1 << 60), 1 << 60), 62),
    ],
)
def test_a_scalar_takes_the_bits_that_its_range_needs(field: Any, bits: int) -> None:  # noqa: ANN401
    holder = type("Holder", (Record,), {"field": field})
    assert [bits] == [slot.scalar.bits for slot in packed(holder).slots]


@pytest.mark.parametrize("record", RECORDS)
def test_no_leaf_lies_across_words_or_on_another(record: type[Record]) -> None:
    found = packed(record)
    taken = [(s.word, s.shift, s.scalar.bits) for s in found.slots]
    taken += [(word, shift, bag.bits) for bag in found.bags for word, shift in bag.places]
    bits = [64 * word + shift + k for word, shift, width in taken for k in range(width)]
    assert len(bits) == len(set(bits))
    assert all(shift + width <= 64 for _, shift, width in taken)


def test_a_packed_state_is_small() -> None:
    class Flags(Record):
        """Sixty-five bits."""

        flags = Array(Bool(), 65)

    assert (1, 2) == (packed(Message).words, packed(Flags).words)


def test_a_record_without_fields_is_one_word() -> None:
    class Nothing(Record):
        """Nothing."""

    assert (0,) == packed(Nothing).encode(packed(Nothing).struct.default())


def test_a_message_must_fit_a_word() -> None:
    class Wide(Record):
        """Sixty-six bits."""

        a = Int(0, (1 << 33) - 1)
        b = Int(0, (1 << 33) - 1)

    class Network(Record):
        """Of them."""

        messages = Bag(Wide, 2)

    with pytest.raises(SpecError, match="messages: a message takes 66 bits; a bag's messages must fit 64"):
        packed(Network)


# ----------------------------------------------------------------------------------------------------------- the ranges


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("logs", 1, "entries", 2, "id"), 7, "logs[1].entries[2].id = 7 leaves its range -1..6"),
        (("logs", 0, "entries", 0, "epoch"), -4, "logs[0].entries[0].epoch = -4 leaves its range -3..4"),
        (("isr",), 8, "isr = 8 leaves its range -1..7"),
        (("is_open",), 2, "is_open = 2 leaves its range 0..1"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_place_and_range(
    path: tuple[str | int, ...], value: int, complaint: str
) -> None:
    found = packed(Cluster)
    state: Any = found.struct.default()
    holder = state
    for name in path[:-1]:
        holder = holder.values[name]
    holder.values[path[-1]] = value
    with pytest.raises(OutOfRange) as error:
        found.encode(state)
    assert complaint == str(error.value)


def test_a_value_out_of_range_in_a_message_is_named_with_its_bag() -> None:
    found = packed(Links)
    state: Any = found.struct.default()
    add(state.links[2].sent).epoch = 5
    with pytest.raises(OutOfRange) as error:
        found.encode(state)
    assert "links[2].sent.epoch = 5 leaves its range -1..4" == str(error.value)


def test_none_is_a_value_like_any_other() -> None:
    found = packed(Message)
    state: Any = found.struct.default()
    assert NONE == state.epoch
    state.epoch = 0
    decoded: Any = found.decode(found.encode(state))
    assert 0 == decoded.epoch
