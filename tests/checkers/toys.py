"""Small specs of nothing in particular, each with something planted: what the tests of counterexamples run on."""

from __future__ import annotations

from typing import Any

from specs.drawn import Drawn
from specs.language import (
    Array,
    Bag,
    Bool,
    Eventually,
    Fair,
    Id,
    Int,
    Maybe,
    Nested,
    Record,
    Refinement,
    SetOf,
    Spec,
    Variant,
    ablation,
    action,
    add,
    bound,
    insert,
    is_full,
    take,
)

# ---------------------------------------------------------------------------- a counter that refines a bounded counter

LIMIT = bound("limit", 3, low=1, high=9, doc="the last count")
SKIPS = ablation("skips", "It counts by two.")
LEAVES_RANGE = ablation("leaves_range", "It counts past the limit.")
ASSERTS = ablation("asserts", "It asserts that the count is below two.")


class Count(Record):
    """A count."""

    n = Int(0, LIMIT)


def initial(s: Count) -> None:
    """Zero."""


@action()
def tick(s: Count) -> bool:
    """Count on."""
    if s.n >= LIMIT and not LEAVES_RANGE:
        return False
    assert not (ASSERTS and s.n >= 2), "two is too much"
    s.n = s.n + (2 if SKIPS and s.n + 2 <= LIMIT else 1)
    return True


@action()
def up(s: Count) -> bool:
    """Count on by one."""
    if s.n >= LIMIT:
        return False
    s.n = s.n + 1
    return True


def below_two(s: Count) -> bool:
    """LOG-1: the count is below two. It is not."""
    return s.n < 2


def by_one(before: Count, after: Count) -> bool:
    """Counts by one."""
    return after.n == before.n + 1


def same_count(s: Count, above: Count) -> None:
    """The count itself."""
    above.n = s.n


def one_more(s: Count, above: Count) -> None:
    """The count and one, which is not how the upper one starts."""
    above.n = s.n + 1


UPPER = Spec("upper", "A counter by one.", Count, initial, (up,), (LIMIT,))
COUNTER = Spec(
    "counter",
    "A counter.",
    Count,
    initial,
    (tick,),
    (LIMIT,),
    invariants=(below_two,),
    step_properties=(by_one,),
    refines=(Refinement(UPPER, same_count, {"limit": LIMIT}),),
    ablations=(SKIPS, LEAVES_RANGE, ASSERTS),
)


def fragile(s: Count) -> bool:
    """A property that divides by zero at two."""
    return 1 // (2 - s.n) < 9


FRAGILE = Spec("fragile", "A counter.", Count, initial, (tick,), (LIMIT,), invariants=(fragile,))

AHEAD = Spec(
    "ahead",
    "A counter.",
    Count,
    initial,
    (tick,),
    (LIMIT,),
    refines=(Refinement(UPPER, one_more, {"limit": LIMIT + 1}),),
)

# ------------------------------------------------------------------------------- a swing: liveness and its fairness


class Swing(Record):
    """0 and 1 swing; 2 is where it ends."""

    at = Int(0, 2)


def still(s: Swing) -> None:
    """At 0."""


@action()
def forth(s: Swing) -> bool:
    """From 0 to 1."""
    if s.at != 0:
        return False
    s.at = 1
    return True


@action()
def back(s: Swing) -> bool:
    """From 1 to 0."""
    if s.at != 1:
        return False
    s.at = 0
    return True


@action(by=Int(1, 2))
def finish(s: Swing, by: int) -> bool:
    """From 1 to the end, by one; by two it goes nowhere and is a stutter."""
    if s.at != 1:
        return False
    s.at = 2 if by == 1 else 1
    return True


@action()
def finish_late(s: Swing) -> bool:
    """Replace `finish`: from 1 to the end."""
    if s.at != 1:
        return False
    s.at = 2
    return True


def is_still(s: Swing) -> bool:
    """It is at 0."""
    return s.at == 0


def is_done(s: Swing) -> bool:
    """QUO-6: the swing comes to its end. It need not."""
    return s.at == 2


def is_forth(s: Swing) -> bool:
    """It swings forth."""
    return s.at == 1


SWING = Spec(
    "swing",
    "A swing that may never end.",
    Swing,
    still,
    (forth, back, finish),
    liveness=(
        Eventually("ends", is_done, (Fair((forth,)), Fair((finish,)))),
        Eventually("ends_strongly", is_done, (Fair((finish,), strong=True, each=True),)),
        Eventually("forth_leads_to_end", is_done, (), trigger=is_forth),
        Eventually("comes_back", is_forth, (Fair((forth,)),)),
        Eventually("moves", is_done, (Fair((forth, back)),)),
        Eventually("ends_somehow", is_done, (Fair((finish,), strong=True),)),
        Eventually("start_leads_forth", is_forth, (), trigger=is_still),
    ),
    variants=(Variant("late", "It finishes otherwise.", replaces=((finish, finish_late),)),),
)

# ------------------------------------------------------------------------ nodes with a network: everything to be drawn

NODES = bound("nodes", 2, low=1, high=9, doc="nodes")
NODE = Id("node", NODES)


def log_text(log: Any) -> str:  # noqa: ANN401 - a Log, declared below
    """The records, as on a whiteboard."""
    return f"[{' '.join(str(log.entries[i]) for i in range(log.end))}|"


class Message(Record):
    """A greeting."""

    to = NODE
    urgent = Bool()


class Log(Record):
    """A small log."""

    entries = Array(Maybe(Int(0, 3)), 3)
    end = Int(0, 3)
    drawn = (Drawn("", ("entries", "end"), log_text),)


class Node(Record):
    """A node with friends."""

    log = Nested(Log)
    friends = SetOf(NODE)
    boss = Maybe(NODE)


class Town(Record):
    """Nodes, a network between them, and what each owes."""

    nodes = Array(Node, NODE)
    debts = Array(Int(0, 3), NODE)
    network = Bag(Message, 3)
    day = Int(0, 3)


def empty(s: Town) -> None:
    """Nobody knows anybody."""


@action(to=NODE, urgent=Bool())
def greet(s: Town, to: int, urgent: bool) -> bool:  # noqa: FBT001 - a parameter of the action
    """Send a greeting, and owe one."""
    if is_full(s.network) or s.debts[to] >= 3:
        return False
    message = add(s.network)
    message.to = to
    message.urgent = urgent
    s.debts[to] = s.debts[to] + 1
    return True


@action(index=Int(0, 2))
def receive(s: Town, index: int) -> bool:
    """Take a greeting out of the network: a friend and a boss are made and a record is written."""
    if index >= s.network.count:
        return False
    node = s.nodes[s.network.items[index].to]
    if node.log.end >= 3:
        return False
    node.friends = insert(node.friends, 0)
    node.boss = 0
    node.log.entries[node.log.end] = s.day
    node.log.end = node.log.end + 1
    take(s.network, index)
    s.day = min(s.day + 1, 3)
    return True


def few_records(s: Town) -> bool:
    """No log has two records. The second sentence is not drawn."""
    return all(s.nodes[n].log.end < 2 for n in range(NODES))


TOWN = Spec("town", "Nodes.", Town, empty, (greet, receive), (NODES,), invariants=(few_records,), columns="nodes")
