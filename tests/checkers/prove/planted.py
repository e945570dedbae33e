"""Small specs with something to prove, or planted so that it can't be."""

from __future__ import annotations

from dataclasses import replace

from specs.language import (
    NONE,
    Array,
    Bool,
    Id,
    Int,
    Maybe,
    Record,
    SetOf,
    Spec,
    action,
    bound,
    contains,
    insert,
    remove,
)

LIMIT = bound("limit", 3, low=1, high=8, doc="the last ticket")
CLIENT = Id("client", 2)


class Ticket(Record):
    """Who took it, and whether it was used."""

    owner = Maybe(CLIENT)
    used = Bool()


class Tickets(Record):
    """Tickets are given out in order and used in order; the holders are the clients that have one."""

    tickets = Array(Ticket, LIMIT + 1)
    given = Int(0, LIMIT + 1)
    served = Int(0, LIMIT + 1)
    holders = SetOf(CLIENT)


def initial(s: Tickets) -> None:
    """None is given out."""


@action(client=CLIENT)
def take(s: Tickets, client: int) -> bool:
    """A client takes the next ticket."""
    if s.given > LIMIT:
        return False
    s.tickets[s.given].owner = client
    s.given = s.given + 1
    s.holders = insert(s.holders, client)
    return True


@action()
def take_too_many(s: Tickets) -> bool:
    """The same without a look at how many there are: planted."""
    s.tickets[s.given].owner = 0
    s.given = s.given + 1
    return True


@action()
def serve(s: Tickets) -> bool:
    """The next ticket is used."""
    if s.served >= s.given:
        return False
    s.tickets[s.served].used = True
    s.served = s.served + 1
    return True


@action()
def serve_any(s: Tickets) -> bool:
    """The same without a look at whether it was given out: planted."""
    if s.served > LIMIT:
        return False
    s.tickets[s.served].used = True
    s.served = s.served + 1
    return True


@action(client=CLIENT)
def leave(s: Tickets, client: int) -> bool:
    """A holder gives up."""
    if not contains(s.holders, client):
        return False
    s.holders = remove(s.holders, client)
    return True


def served_in_order(s: Tickets) -> bool:
    """No more is served than was given out."""
    return s.served <= s.given


def given_have_owners(s: Tickets) -> bool:
    """Each ticket that was given out has an owner."""
    return all(s.tickets[t].owner != NONE for t in range(s.given))


def used_have_owners(s: Tickets) -> bool:
    """Each ticket that was used has an owner."""
    return all(s.tickets[t].owner != NONE for t in range(LIMIT + 1) if s.tickets[t].used)


def used_were_served(s: Tickets) -> bool:
    """What is used was served before."""
    return all(t < s.served for t in range(LIMIT + 1) if s.tickets[t].used)


def served_grows(before: Tickets, after: Tickets) -> bool:
    """What was served stays served."""
    return after.served >= before.served


TICKETS = Spec(
    name="tickets",
    doc="Tickets that are given out and served in order.",
    state=Tickets,
    initial=initial,
    actions=(take, serve, leave),
    bounds=(LIMIT,),
    invariants=(served_in_order, given_have_owners, used_have_owners),
    step_properties=(served_grows,),
)


class Pair(Record):
    """Two numbers that follow each other around."""

    first = Int(0, 4)
    second = Int(0, 4)


@action()
def follow(s: Pair) -> bool:
    """The first takes what the second had, unless that is 4, and the second grows only from there."""
    if s.first == s.second:
        return False
    s.second = s.first
    return True


@action()
def shift(s: Pair) -> bool:
    """The first becomes the second's value; 3 becomes 4."""
    s.first = 4 if s.second == 3 else s.second
    return True


def first_is_not_four(s: Pair) -> bool:
    """Needs three states in a row, which the second can't leave with a 3."""
    return s.first != 4


PAIR = Spec("pair", "Two numbers.", Pair, initial, (follow, shift), invariants=(first_is_not_four,))


class Counter(Record):
    """A count."""

    n = Int(0, 9)


@action()
def tick(s: Counter) -> bool:
    """Count on."""
    if s.n >= 9:
        return False
    s.n = s.n + 1
    return True


def below_four(s: Counter) -> bool:
    """It is not, after four steps."""
    return s.n < 4


COUNTER = Spec("counter", "A count.", Counter, initial, (tick,), invariants=(below_four,))


def below_given(s: Tickets) -> bool:
    """Something is given out; not at first."""
    return s.given > 0


def with_too_many() -> Spec:
    """The tickets, given out without end."""
    return replace(TICKETS, actions=(take_too_many, serve, leave))
