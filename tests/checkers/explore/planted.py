"""Small specs of nothing in particular for the explorer: each has something planted, or is hard to store."""

from __future__ import annotations

from specs.language import (
    NONE,
    Array,
    Bag,
    Bool,
    Id,
    Int,
    Maybe,
    Record,
    SetOf,
    Spec,
    ablation,
    action,
    add,
    bound,
    contains,
    count,
    insert,
    is_full,
    remove,
    take,
)

# ------------------------------------------------------------------------------------- a gauge: all that can go wrong

TOP = bound("top", 6, low=6, high=100, doc="where the gauge ends")
FOUR = ablation("four", "It misbehaves at four, not at three.")
IDLE = ablation("idle", "It never misbehaves.")
LOW = ablation("low", "It ends below the top.")
PLUS_100 = ablation("plus_100", "It leaves its range, but not what eight bits hold.")
PLUS_200 = ablation("plus_200", "It leaves what eight bits hold.")
PLUS_256 = ablation("plus_256", "It would be what it was if it were kept in eight bits.")
MINUS_4 = ablation("minus_4", "It falls below zero.")
ASSERTS = ablation("asserts", "It asserts what is false.")
INDEX = ablation("index", "It writes behind the end of an array.")
LOOPS = ablation("loops", "It reads behind the end of an array, in a loop.")
NONE_INDEX = ablation("none_index", "It takes none for an index.")
DIVIDES = ablation("divides", "It divides by zero.")
MODULO = ablation("modulo", "It takes the remainder of a division by zero.")
FAULTS = (PLUS_100, PLUS_200, PLUS_256, MINUS_4, ASSERTS, INDEX, LOOPS, NONE_INDEX, DIVIDES, MODULO)


class Gauge(Record):
    """A level, and what actions trip over."""

    level = Int(0, TOP)
    row = Array(Int(0, 3), 3)
    seen = Maybe(Int(0, 2))


def at_zero(s: Gauge) -> None:
    """It begins at zero."""


@action(by=Int(1, 2))
def climb(s: Gauge, by: int) -> bool:
    """Go up, not beyond the end."""
    if s.level + by > TOP - (1 if LOW else 0):
        return False
    s.level = s.level + by
    return True


@action()
def misbehave(s: Gauge) -> bool:  # noqa: C901
    """At three (or four) do what is switched on; otherwise nothing, which is a stutter."""
    if IDLE or s.level != (4 if FOUR else 3):
        return False
    if PLUS_100:
        s.level = s.level + 100
    if PLUS_200:
        s.level += 200
    if PLUS_256:
        s.level = s.level + 256
    if MINUS_4:
        s.level = s.level - 5
    if ASSERTS:
        assert s.level < 3, "the gauge stands too high"
    if INDEX:
        s.row[s.level] = 1
    if LOOPS:
        total = 0
        for i in range(4):
            total += s.row[i]
        s.row[0] = total
    if NONE_INDEX:
        s.row[s.seen] = 1
    if DIVIDES:
        s.row[0] = 1 // s.row[1]
    if MODULO:
        s.row[0] = 1 % s.row[1]
    return True


def not_three(s: Gauge) -> bool:
    """Broken after two steps."""
    return s.level != 3


def not_four(s: Gauge) -> bool:
    """Broken after two steps."""
    return s.level != 4


def finite(s: Gauge) -> bool:
    """Divides by zero where the gauge stands at three."""
    return 1 // (s.level - 3) < 9


def moves(before: Gauge, after: Gauge) -> bool:
    """Every step changes the level; misbehaving without a fault does not."""
    return before.level != after.level


def at_six(s: Gauge) -> bool:
    """The gauge stands at six."""
    return s.level == 6


def at_one(s: Gauge) -> bool:
    """The gauge stands at one."""
    return s.level == 1


GAUGE = Spec(
    "gauge",
    "A gauge that goes up.",
    Gauge,
    at_zero,
    (climb, misbehave),
    (TOP,),
    invariants=(not_three, not_four, finite),
    step_properties=(moves,),
    reachable=(at_one, at_six),
    ablations=(FOUR, IDLE, LOW, *FAULTS),
)

# ---------------------------------------------------------------------------------------- a post: a bag of messages

NODES = bound("nodes", 3, low=1, high=4, doc="who writes letters")
NODE = Id("node", NODES)
OVERFLOWS = ablation("overflows", "It writes letters that nothing has room for.")


class Letter(Record):
    """From one node to another."""

    sender = NODE
    to = NODE


class Post(Record):
    """Letters under way, who got one, and whose came last."""

    letters = Bag(Letter, 2)
    got = Array(Bool(), NODE)
    last = Maybe(NODE)


def no_letters(s: Post) -> None:
    """Nothing was written."""


@action(sender=NODE, to=NODE)
def write(s: Post, sender: int, to: int) -> bool:
    """Write to another node."""
    if sender == to or (is_full(s.letters) and not OVERFLOWS):
        return False
    letter = add(s.letters)
    letter.sender = sender
    letter.to = to
    return True


@action(index=Int(0, 1))
def deliver(s: Post, index: int) -> bool:
    """Letters arrive in any order."""
    if index >= s.letters.count:
        return False
    s.got[s.letters.items[index].to] = True
    s.last = s.letters.items[index].sender
    take(s.letters, index)
    return True


def someone_waits(s: Post) -> bool:
    """Broken once everyone got a letter."""
    return not all(s.got[n] for n in range(NODES))


def crossed(s: Post) -> bool:
    """Two letters cross."""
    return any(
        s.letters.items[0].sender == s.letters.items[1].to and s.letters.items[1].sender == s.letters.items[0].to
        for _ in range(1)
        if s.letters.count == 2
    )


POST = Spec(
    "post",
    "Letters between nodes.",
    Post,
    no_letters,
    (write, deliver),
    (NODES,),
    invariants=(someone_waits,),
    reachable=(crossed,),
    ablations=(OVERFLOWS,),
)

# ------------------------------------------------------------------- a council: two kinds of ids, and a set of sets

MEMBER = Id("member", 3)
SEAT = Id("seat", 2)


class Council(Record):
    """Factions (sets of members), who sits where, and which seat is the chair's."""

    factions = SetOf(SetOf(MEMBER))
    seats = Array(Maybe(MEMBER), SEAT)
    chair = Maybe(SEAT)


def empty(s: Council) -> None:
    """Nobody is a member of anything."""


@action(faction=SetOf(MEMBER))
def found(s: Council, faction: int) -> bool:
    """Two members or more make a faction; there are two factions at most."""
    if count(faction) < 2 or contains(s.factions, faction) or count(s.factions) == 2:
        return False
    s.factions = insert(s.factions, faction)
    return True


@action(faction=SetOf(MEMBER), member=MEMBER)
def leave(s: Council, faction: int, member: int) -> bool:
    """A member that has no seat leaves a faction of three, which stays one unless there is such a faction already."""
    if not contains(s.factions, faction) or count(faction) < 3 or any(s.seats[i] == member for i in range(2)):
        return False
    s.factions = insert(remove(s.factions, faction), remove(faction, member))
    return True


@action(member=MEMBER, seat=SEAT)
def sit(s: Council, member: int, seat: int) -> bool:
    """A member of some faction takes a free seat."""
    if s.seats[seat] != NONE or not any(contains(s.factions, f) and contains(f, member) for f in range(8)):
        return False
    s.seats[seat] = member
    return True


@action(seat=SEAT)
def preside(s: Council, seat: int) -> bool:
    """Whoever sits may take the chair."""
    if s.seats[seat] == NONE or s.chair != NONE:
        return False
    s.chair = seat
    return True


def one_seat_each(s: Council) -> bool:
    """Nobody has two seats; broken."""
    return s.seats[0] == NONE or s.seats[0] != s.seats[1]


def all_agree(s: Council) -> bool:
    """There is a faction of everyone, and a chair."""
    return contains(s.factions, 7) and s.chair != NONE


COUNCIL = Spec(
    "council",
    "Members found factions and take seats.",
    Council,
    empty,
    (found, leave, sit, preside),
    invariants=(one_seat_each,),
    reachable=(all_agree,),
)

# -------------------------------------------------------------------- a tape: numbers of any width, and all arithmetic

SCALE = bound("scale", 100_000, low=10, high=1 << 40, doc="the greatest number on the tape")


class Tape(Record):
    """Five numbers, filled from the left."""

    cells = Array(Int(SCALE * -1, SCALE), 5)
    end = Int(0, 5)


def blank(s: Tape) -> None:
    """All numbers are the least."""


@action(how=Int(0, 3))
def put(s: Tape, how: int) -> bool:
    """Put a number that depends on the one before."""
    if s.end == 5:
        return False
    before = s.cells[s.end - 1] if s.end > 0 else 7
    value = before // -3 if how == 0 else -before + 5
    if how == 2:
        value = (before % 7) * (before % -5) ^ 6
    elif how == 3:
        value = max(before >> 1, abs(before), ~before, -SCALE) - (before & 12 | 1)
    s.cells[s.end] = min(max(value, -SCALE), SCALE)
    s.end += 1
    return True


@action()
def rub_out(s: Tape) -> bool:
    """Back to the start, once the tape is full and its numbers went up and down."""
    if s.end < 5 or all(s.cells[i] < s.cells[j] for i in range(5) for j in range(i + 1, 5) if i % 2 == 0):
        return False
    for i in range(5):
        s.cells[i] = -SCALE
    s.end = 0
    return True


def not_all_equal(s: Tape) -> bool:
    """Two neighbours differ, or the tape is not full."""
    return s.end < 5 or not all(s.cells[i] == s.cells[i + 1] for i in range(4))


TAPE = Spec("tape", "Numbers on a tape.", Tape, blank, (put, rub_out), (SCALE,), invariants=(not_all_equal,))
