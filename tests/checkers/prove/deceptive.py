"""Small specs whose properties are false, each so that a careless prover would find them proved."""

from __future__ import annotations

from collections.abc import Callable

from specs.language import (
    NONE,
    Array,
    Bag,
    Bool,
    Domain,
    Int,
    Maybe,
    Nested,
    Record,
    SetOf,
    Spec,
    action,
    add,
    bound,
    contains,
    is_full,
    take,
)

TOP = bound("top", 3, low=1, high=9, doc="the last number")


def spec(state: type[Record], *actions: Callable[..., bool], initial: Callable[..., object] | None = None) -> Spec:
    """A spec of a state and actions; at first every field has its default."""
    return Spec("deceptive", "Planted.", state, initial or at_default, actions, (TOP,))


def at_default(s: Record) -> None:
    """Leave every field at its default."""


class Counter(Record):
    """A number."""

    x = Int(0, TOP)


@action()
def grow(s: Counter) -> bool:
    """It grows up to the bound."""
    if s.x >= TOP:
        return False
    s.x = s.x + 1
    return True


def x_is_zero(s: Counter) -> bool:
    """False after one step."""
    return s.x == 0


def x_is_one(s: Counter) -> bool:
    """False at first."""
    return s.x == 1


def x_is_small(s: Counter) -> bool:
    """False once the bound is larger than it is by default."""
    return s.x <= 3


def never(s: Counter) -> bool:
    """Holds of no state, so anything follows."""
    return s.x == 0 and s.x != 0


def none_of_none(s: Counter) -> bool:
    """The same, by a loop without rounds."""
    return any(s.x == 9 for _ in range(0))


def bound_is_small(s: Counter) -> bool:  # noqa: ARG001 - a predicate
    """Speaks of the bound alone."""
    return TOP <= 3


def largest_is_first(s: Counter) -> bool:  # noqa: ARG001 - a predicate
    """Hands a range to what asks for all of it, in a loop over another; false."""
    return all(max(range(3)) == 0 for _ in range(2))


class Named(Record):
    """A field named as the bound is."""

    top = Int(0, 9)


@action()
def rise(s: Named) -> bool:
    """It grows, but for where it is what the bound is."""
    if s.top == 9:
        return False
    if s.top == TOP:
        return False
    s.top = s.top + 1
    return True


def top_is_zero(s: Named) -> bool:
    """False after one step, whatever the bound."""
    return s.top == 0


class Inner(Record):
    """A number."""

    v = Int(0, 3)


class Outer(Record):
    """Its field's path is the name of an action with its parameter."""

    put = Nested(Inner)


@action(v=Int(0, 3))
def put(s: Outer, v: int) -> bool:
    """Another number is put in."""
    if v == s.put.v:
        return False
    s.put.v = v
    return True


def nothing_put(s: Outer) -> bool:
    """False after one step."""
    return s.put.v == 0


def setting(domain: Domain) -> Callable[..., bool]:
    """An action that sets x to anything in a domain."""

    @action(v=domain)
    def choose(s: Counter, v: int) -> bool:
        """Any value is chosen."""
        s.x = v
        return True

    return choose


class Message(Record):
    """A number that is sent."""

    v = Int(0, 3)


class Network(Record):
    """Messages, and the number received last."""

    net = Bag(Message, 2)
    x = Int(0, 3)


@action(v=Int(0, 3))
def send(s: Network, v: int) -> bool:
    """A number is sent."""
    if is_full(s.net):
        return False
    message = add(s.net)
    message.v = v
    return True


@action(k=Int(0, 1))
def receive(s: Network, k: int) -> bool:
    """One of them is received."""
    if k >= s.net.count:
        return False
    s.x = s.net.items[k].v
    take(s.net, k)
    return True


@action()
def drop(s: Network) -> bool:
    """The last is lost, and what it said is left past the count."""
    if s.net.count == 0:
        return False
    s.net.count = s.net.count - 1
    return True


@action()
def send_default(s: Network) -> bool:
    """A message is sent as it is when added."""
    if is_full(s.net):
        return False
    add(s.net)
    return True


class Sets(Record):
    """Sets of different members, and numbers."""

    m = SetOf(Int(0, 2))
    wide = SetOf(Int(0, 3))
    x = Int(0, 3)
    high = Int(0, 0)


@action()
def clear_by_mask(s: Sets) -> bool:
    """A member is taken out by a mask that is no set."""
    s.m = s.m & ~1
    return True


@action()
def put_by_mask(s: Sets) -> bool:
    """A member is put in that can't be one."""
    s.m = s.m | 8
    return True


@action(f=Bool())
def put_at_times(s: Sets, f: bool) -> bool:  # noqa: FBT001 - a parameter of an action
    """A set is replaced at times, by one that it can't be."""
    if f:
        s.m = 8
    return True


@action()
def compare(s: Sets) -> bool:
    """Sets of different types are compared."""
    if s.m == s.wide:
        s.x = 1
        return True
    return False


@action(f=Bool())
def truth_as_number(s: Sets, f: bool) -> bool:  # noqa: FBT001 - a parameter of an action
    """A truth is put where a number below 1 belongs."""
    s.high = f
    return True


def m_is_beyond(s: Sets) -> bool:
    """The set is one that it can't be."""
    return s.m == 8


def nothing_received(s: Network | Sets) -> bool:
    """False after a step or two."""
    return s.x == 0


@action()
def assert_much(s: Counter) -> bool:
    """Fails whenever it is tried."""
    assert s.x > 9
    s.x = 1
    return True


@action()
def leave_range(s: Counter) -> bool:
    """Leaves the range whenever it is tried."""
    s.x = s.x + TOP + 1
    return True


def assert_at_first(s: Counter) -> None:
    """No initial state without a fault."""
    assert s.x > 9


def start_outside(s: Counter) -> None:
    """No initial state in range."""
    s.x = 9


@action()
def safety(s: Counter) -> bool:
    """An action with the name of a section."""
    s.x = 1
    return True


def setting_top(domain: Domain) -> Callable[..., bool]:
    """An action that sets top to anything in a domain."""

    @action(v=domain)
    def choose(s: Named, v: int) -> bool:
        """Any value is chosen."""
        s.top = v
        return True

    return choose


def top_is_zero_or_three_up(s: Named) -> bool:
    """False where the lower end of the domain is below 3."""
    return s.top == 0 or s.top >= 3


def blank_last(s: Network) -> bool:
    """No message is sent but with 0 in it."""
    return all(s.net.items[k].v == 0 for k in range(s.net.count))


class Mixed(Record):
    """Records of two classes."""

    one = Nested(Inner)
    other = Nested(Network)


@action()
def mix(s: Mixed) -> bool:
    """One record is put where one of another class belongs."""
    s.one = s.other  # type: ignore[assignment]
    s.one.v = 1
    return True


def nothing_mixed(s: Mixed) -> bool:
    """True, as the step can't be taken."""
    return s.one.v == 0


class Pair(Record):
    """Two records of one class."""

    both = Array(Inner, 2)


@action(k=Int(0, 1), v=Int(0, 3))
def fill(s: Pair, k: int, v: int) -> bool:
    """Another number."""
    s.both[k].v = v
    return True


@action()
def exchange(s: Pair) -> bool:
    """An exchange that is none: the first is a reference, and sees the second before it is put in its place."""
    first = s.both[0]
    s.both[0] = s.both[1]
    s.both[1] = first
    return True


class Log(Record):
    """Numbers, an end within them, and records."""

    numbers = Array(Int(0, 3), 2)
    records = Array(Inner, 2)
    end = Int(0, 2)


class Logs(Record):
    """Two logs."""

    logs = Array(Log, 2)


class Shelves(Record):
    """Logs in two rows."""

    rows = Array(Logs, 2)


@action(k=Int(0, 1))
def extend(s: Logs, k: int) -> bool:
    """A log ends later."""
    if s.logs[k].end == 2:
        return False
    s.logs[k].end = s.logs[k].end + 1
    return True


@action(k=Int(0, 1), v=Int(0, 3))
def write_at_end(s: Logs, k: int, v: int) -> bool:
    """A number is written past the last one: a guard is missing."""
    s.logs[k].numbers[s.logs[k].end] = v
    return True


@action(k=Int(0, 1))
def write_past_all(s: Logs, k: int) -> bool:
    """A number is written where there never is one."""
    s.logs[k].numbers[2] = 1
    return True


@action(k=Int(0, 1))
def write_before_all(s: Logs, k: int) -> bool:
    """A number is written at -1, which is no index."""
    s.logs[k].numbers[-1] = 1
    return True


@action(k=Int(0, 1))
def copy_to_end(s: Logs, k: int) -> bool:
    """A whole record is written past the last one."""
    s.logs[k].records[s.logs[k].end] = s.logs[1 - k].records[0]
    return True


def ends_are_in_range(s: Logs) -> bool:
    """True of every state; the faults are in the steps."""
    return all(s.logs[k].end <= 2 for k in range(2))


@action(a=Int(0, 1), b=Int(0, 1), c=Int(0, 1))
def write_deep(s: Shelves, a: int, b: int, c: int) -> bool:
    """A number is written in an array of an array of an array."""
    s.rows[a].logs[b].numbers[c] = 1
    return True


@action(a=Int(0, 1), b=Int(0, 1), v=Int(0, 3))
def write_deep_record(s: Shelves, a: int, b: int, v: int) -> bool:
    """A record is copied from one unknown place to another, then its source is changed."""
    s.rows[a].logs[b].records[a] = s.rows[b].logs[a].records[b]
    s.rows[b].logs[a].records[b].v = v
    return True


def nothing_written(s: Shelves) -> bool:
    """False after one step."""
    return all(s.rows[a].logs[b].numbers[c] == 0 for a in range(2) for b in range(2) for c in range(2))


@action(a=Int(0, 1))
def write_no_field(s: Logs, a: int) -> bool:
    """A field is written that is not there."""
    s.logs[a].start = 1  # type: ignore[attr-defined]
    return True


class Flag(Record):
    """A bool, true at first, and a number."""

    flag = Bool()
    x = Int(0, 3)


def raised(s: Flag) -> None:
    """The flag is up."""
    s.flag = True


@action()
def step_on(s: Flag) -> bool:
    """The number changes."""
    s.x = 1
    return True


def complement_is_false(s: Flag) -> bool:
    """False in plain Python, where ~1 is -2."""
    return not ~s.flag


def second_bit_is_set(s: Flag) -> bool:
    """False in plain Python, where 1 & 2 is 0."""
    return bool(s.flag & 2)


def second_bit_adds_nothing(s: Flag) -> bool:
    """False in plain Python, where 1 | 2 is 3."""
    return (s.flag | 2) == 1


def bits_of_bools(s: Flag) -> bool:
    """True in plain Python too."""
    return bool(s.flag & True) and bool(s.flag | False) and not s.flag & 0 and bool(1 & (s.x <= 3))


class Choice(Record):
    """A number that may be absent, another, and a set."""

    n = Maybe(Int(0, 2))
    x = Int(0, 3)
    m = SetOf(Int(0, 2))


@action()
def absent_by_identity(s: Choice) -> bool:
    """Plain Python takes it for absent and changes x; an unknown number is no object that is NONE."""
    if s.n is not NONE:
        return False
    s.x = 1
    return True


def x_of_choice_is_zero(s: Choice) -> bool:
    """False after one step."""
    return s.x == 0


def listed(s: Choice) -> bool:
    """Asks for what is among some numbers."""
    return s.x not in (9, 10)


def looped(s: Choice) -> bool:
    """Loops while a number isn't reached."""
    k = 0
    while k < s.x:
        k += 1
    return k == s.x


def exclusive_bits(s: Choice) -> bool:
    """Bits of numbers are not supported, although the language has them."""
    return s.x ^ 1 >= 0


def ordered_sets(s: Choice) -> bool:
    """Sets have no order."""
    return s.m < 8


def size_as_number(s: Choice) -> bool:
    """A set is no number."""
    return s.m + 1 >= 0


def distance_is_absolute(s: Choice) -> bool:
    """True: the language has `abs`."""
    return abs(s.x - 3) == 3 - s.x and abs(s.n) <= 2


def counted(s: Counter) -> bool:  # noqa: ARG001 - a predicate
    """A loop to a bound, which has no end where the bound is open."""
    total = 0
    for _ in range(TOP):
        total += 1
    return total == TOP


@action()
def count_to_top(s: Counter) -> bool:
    """The same in an action."""
    for k in range(TOP):
        s.x = k
    return True


def outside_at_large_bounds(s: Counter) -> None:
    """Out of range once the bound is larger than it is by default."""
    if TOP > 3:
        s.x = TOP + 1


@action()
def three_ways(s: Choice) -> bool:
    """Three forks one after the other."""
    total = 0
    if s.x == 1:
        total += 1
    if s.n == 1:
        total += 1
    if contains(s.m, 1):
        total += 1
    s.x = total
    return True


@action()
def leave_range_by_far(s: Counter) -> bool:
    """Leaves the range so far that the lowest bits are in range again."""
    s.x = s.x + 1025
    return True


def start_far_outside(s: Counter) -> None:
    """No initial state in range, but for its lowest bits."""
    s.x = 1024


def x_is_reached(s: Counter) -> bool:
    """Loops to the number."""
    return all(k < s.x for k in range(s.x))
