"""Proofs of partitioning: consistent hashing for any hash values, the length of sticky turns, placement of replicas.

The code of `model` is run on hash values, loads and numbers of partitions that are not known. What is broken on
purpose, for the negative controls, stands next to what it breaks.

Source: as `model.theory.hashing`, `model.client.partitioner` and `model.replica_placement`.
Left out: how evenly hashes spread keys, which is measured; placement over racks, which is tested over small clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from typing import Any

import z3

from checkers.prove.claims import Claim, all_of, any_of, between, numbers, proved, unknown_truth
from checkers.prove.proof import Proof, Proved
from checkers.prove.terms import Number, Truth, truth
from model.client.partitioner import turn_is_over
from model.replica_placement import Rounds, replica_index
from model.theory.hashing import first_with_room, higher, last_below, owner_on_ring, rendezvous, with_node

# ----------------------------------------------------------------------------------------------------------- rendezvous

Scored = tuple[Any, Any]
Choice = Callable[[Scored, Scored], Scored]


def same(left: Scored, right: Scored) -> Truth:
    """Whether two scores are one."""
    return all_of([left[0] == right[0], left[1] == right[1]])


def rendezvous_claims(choice: Choice) -> list[Claim]:
    """That the choice between two is one of the two, in either order, and grouped in any way.

    So the choice among any number of nodes does not depend on their order, and with one node more it is either what it
    was or that node.
    """
    a, b, c = zip(numbers("hash", 3), numbers("node", 3), strict=True)
    distinct = tuple(truth(x[1] != y[1]) for x, y in combinations((a, b, c), 2))
    return [
        Claim("selective", lambda: any_of([same(choice(a, b), a), same(choice(a, b), b)]), distinct),
        Claim("commutative", lambda: same(choice(a, b), choice(b, a)), distinct),
        Claim("associative", lambda: same(choice(choice(a, b), c), choice(a, choice(b, c))), distinct),
    ]


def rendezvous_moves(nodes: int) -> Claim:
    """The function itself: with one node more, keys move only to it."""
    scores: list[Any] = [(score, node) for node, score in enumerate(numbers("hash", nodes + 1))]
    return Claim(f"{nodes} nodes", lambda: rendezvous(scores) in (rendezvous(scores[:-1]), nodes))


def first_if_equal(left: Scored, right: Scored) -> Scored:
    """Broken: of two equal scores the one that was met first."""
    return left if left[0] >= right[0] else right


def prove_rendezvous(*, deep: bool) -> Proved:
    """The lemmas, for any number of nodes; the loop over nodes at small numbers."""
    claims = [*rendezvous_claims(higher), rendezvous_moves(5 if deep else 3)]
    return proved(claims, [("the node met first wins a tie", rendezvous_claims(first_if_equal)[1])])


# ---------------------------------------------------------------------------------------------------------------- rings

Owner = Callable[[Any, Any], int]


def ring_moves(points: int, new_points: int, owner: Owner, newest: int) -> Claim:
    """That new points on a ring take keys from others, and nothing else changes.

    Each old point has a node of its own; what then holds of points holds of nodes, whichever points they share.
    """
    positions, added = numbers("position", points), numbers("new", new_points)
    key = Number(z3.Int("key"))
    ring: Any = list(zip(positions, range(points), strict=True))
    in_order = tuple(truth(a <= b) for a, b in pairwise(positions))

    def says() -> bool:
        grown: Any = with_node(ring, newest, added)  # type: ignore[arg-type]
        return owner(grown, key) in (owner(ring, key), newest)

    return Claim(f"{points} points and {new_points} new ones of node {newest}", says, in_order)


def owner_by_remainder(ring: Any, key: Any) -> int:  # noqa: ANN401 - points and a number
    """Broken: the point whose index is the key's remainder, as if nodes were buckets of a table."""
    return int(ring[int(key % len(ring))][1])


def prove_ring(*, deep: bool) -> Proved:
    """Small rings, any positions, equal ones too; the new node before or after all others among equals."""
    points, new_points = (5, 2) if deep else (3, 1)
    claims = [ring_moves(points, new_points, owner_on_ring, newest) for newest in (points, -1)]
    return proved(claims, [("the remainder decides", ring_moves(2, 1, owner_by_remainder, 2))])


# ----------------------------------------------------------------------------------------------------------------- jump


def jump_moves(leaps: int, below: Callable[..., Any]) -> Claim:
    """With one bucket more, of any number, a key stays or moves to it; its leaps may be any that increase."""
    sequence: list[Any] = [0, *numbers("leap", leaps)]
    buckets = Number(z3.Int("buckets"))
    increasing = tuple(truth(b > a) for a, b in pairwise(sequence))

    def says() -> Truth:
        before, after = below(iter(sequence), buckets), below(iter(sequence), buckets + 1)
        return any_of([after == before, after == buckets])

    return Claim(f"{leaps} leaps", says, (*increasing, truth(buckets >= 1), truth(sequence[-1] > buckets)))


def leap_increases(*, whole_numbers_stay: bool = True) -> Claim:
    """That a leap goes past the bucket that it starts from, for any 31 random bits, with rounded arithmetic.

    `model.theory.hashing.leaps`, which works on bits, is not run: this is its formula, written down once more.
    Of rounding is assumed what IEEE 754 promises: it keeps the order, and whole numbers up to 2^53 stay as they are.
    """
    rounded = z3.Function("rounded", z3.RealSort(), z3.RealSort())
    bucket, drawn = Number(z3.Int("bucket")), Number(z3.Int("drawn"))
    start, exact = z3.ToReal(bucket.term + 1), z3.RealVal(1 << 31) / z3.ToReal(drawn.term)
    ratio = rounded(exact)
    product = start * ratio
    kept = [z3.Implies(a >= b, rounded(a) >= rounded(b)) for a, b in ((exact, z3.RealVal(1)), (product, start))]
    whole = [rounded(z3.RealVal(1)) == 1, rounded(start) == start] if whole_numbers_stay else []
    limits = (*between(1, [drawn], 1 << 31), *between(0, [bucket], (1 << 53) - 2))
    return Claim("leaps increase", lambda: Truth(z3.ToInt(rounded(product)) > bucket.term), (*limits, *kept, *whole))


def last_of_even(increasing: Any, buckets: Any) -> Any:  # noqa: ANN401 - numbers
    """Broken: the number of buckets is rounded down to an even one, so that two appear at once."""
    return last_below(increasing, buckets - buckets % 2)


def prove_jump(*, deep: bool) -> Proved:
    """Any number of buckets; the number of leaps is bounded."""
    claims = [jump_moves(8 if deep else 5, last_below), leap_increases()]
    broken = [
        ("two buckets come at once", jump_moves(3, last_of_even)),
        ("whole numbers are rounded", leap_increases(whole_numbers_stay=False)),
    ]
    return proved(claims, broken)


# -------------------------------------------------------------------------------------------------------- bounded loads


def bounded_step(
    nodes: int, home: int, place: Callable[..., Any] = first_with_room, *, only_to_new: bool = False
) -> Claim:
    """That one key more, placed with and without a new node, keeps what is said of loads, and goes no further with it.

    What is said: no old node has more keys with the new node than without. By induction it is so after any number of
    keys, at any capacity. The new node stands between the last and the first; where else makes no difference.
    """
    loads, grown = numbers("load", nodes), numbers("grown", nodes + 1)
    capacity = Number(z3.Int("capacity"))
    around = [(home + k) % (nodes + 1) for k in range(nodes + 1)]
    assumed = (
        *between(0, [*loads, *grown], capacity),
        *(truth(g <= old) for g, old in zip(grown, loads, strict=False)),
        truth(any_of([load < capacity for load in loads])),
    )

    def says() -> Any:  # noqa: ANN401 - a truth
        before = place([n for n in around if n != nodes], loads, capacity)
        after = place(around, grown, capacity)
        if only_to_new:
            return after in (before, nodes)
        kept = [grown[n] + (n == after) <= loads[n] + (n == before) for n in range(nodes)]
        return around.index(after) <= around.index(before) and all_of(kept)

    return Claim(f"{nodes} nodes, from {home}", says, assumed)


def prove_bounded_loads(*, deep: bool) -> Proved:
    """Any number of keys, any capacity, a few nodes; that keys move only to the new node is false, and found to be."""
    nodes = 6 if deep else 3
    claims = [bounded_step(nodes, home) for home in range(nodes + 1)]
    last = bounded_step(2, 0, lambda nodes, *rest: first_with_room(nodes[::-1], *rest))
    to_new = bounded_step(2, 0, only_to_new=True)
    return proved(claims, [("the last node with room is taken", last), ("keys move only to the new node", to_new)])


# --------------------------------------------------------------------------------------------------------- sticky turns


def turn_claims(over: Callable[..., Any]) -> list[Claim]:
    """How many bytes a turn takes: at least a batch, and at most twice that and one record less a byte."""
    turn, size, batch, largest = (Number(z3.Int(name)) for name in ("turn", "size", "batch", "largest"))
    switch = unknown_truth("may_switch")
    sizes = (*between(0, [turn], batch + batch - 1), *between(1, [size], largest), truth(batch >= 1))

    def says() -> Any:  # noqa: ANN401 - a truth
        after = turn + size
        if over(after, batch, may_switch=switch):
            return all_of([after >= batch, after <= 2 * batch - 1 + largest])
        return after < 2 * batch

    def always_says() -> Any:  # noqa: ANN401 - a truth
        after = turn + size
        return (
            all_of([after >= batch, after < batch + largest]) if over(after, batch, may_switch=True) else after < batch
        )

    return [
        Claim("turns that may be put off", says, sizes),
        Claim("turns that are not put off", always_says, (*sizes, truth(turn < batch))),
    ]


def over_when_ready(turn_bytes: Any, batch_bytes: Any, *, may_switch: Any) -> Any:  # noqa: ANN401 - numbers, a truth
    """Broken: a turn is put off as long as the batch is not ready."""
    return may_switch and turn_bytes >= batch_bytes


def prove_sticky_turns(*, deep: bool) -> Proved:
    """Any sizes."""
    del deep
    return proved(turn_claims(turn_is_over), [("a turn has no end", turn_claims(over_when_ready)[0])])


# ------------------------------------------------------------------------------------------------------------ placement

Index = Callable[[Any, Any, int, Any], Any]


def placement_claims(brokers: int, index: Index) -> list[Claim]:
    """That no broker is twice in a list, and that fewer partitions in a row than there are brokers share no leader.

    With one broker there is nothing that could be twice.
    """
    start, shift, first, partition = (Number(z3.Int(name)) for name in ("start", "shift", "first", "partition"))
    one, other = (Number(z3.Int(name)) for name in ("one", "other"))
    rounds: Any = Rounds(start, shift, first)  # type: ignore[arg-type]
    assumed = (*between(0, [start, shift], brokers - 1), truth(first >= 0), truth(partition >= first))

    def no_broker_twice() -> Truth:
        here, there = (index(partition, number, brokers, rounds) for number in (one, other))
        return all_of([here != there, *(r >= 0 for r in (here, there)), *(r < brokers for r in (here, there))])

    def leaders_in_turn() -> Truth:
        here, there = (index(partition + k, 0, brokers, rounds) for k in (one, other))
        return Truth(truth(here != there))

    two = (*between(0, [one, other], brokers - 1), truth(one < other))
    return [
        Claim(f"no broker twice, {brokers} brokers", no_broker_twice, (*assumed, *two)),
        Claim(f"leaders in turn, {brokers} brokers", leaders_in_turn, (*assumed, *two)),
    ]


def index_off_by_one(partition: Any, number: Any, brokers: int, rounds: Any) -> Any:  # noqa: ANN401 - numbers
    """Broken: followers are counted from the leader on, and not from the broker after it."""
    leader = (partition + rounds.start) % brokers
    return leader if number == 0 else (leader + rounds.shift + number - 1) % brokers


def prove_placement(*, deep: bool) -> Proved:
    """Any start, shift, first partition and number of partitions; some numbers of brokers."""
    sizes: Sequence[int] = range(2, 17) if deep else range(2, 7)
    claims = [claim for brokers in sizes for claim in placement_claims(brokers, replica_index)]
    return proved(claims, [("followers are counted from the leader on", placement_claims(3, index_off_by_one)[0])])


PROOFS = (
    Proof(
        "rendezvous",
        ("PART-3",),
        "With one node more, rendezvous hashing moves keys only to it, for any hash values.",
        {"nodes": "any", "hashes": "any", "nodes of the loop": 3},
        prove_rendezvous,
        bounds_deep={"nodes of the loop": 5},
    ),
    Proof(
        "ring",
        ("PART-3",),
        "New points on a ring take keys, and move none between others, for any positions.",
        {"points": 3, "new points": 1, "positions": "any"},
        prove_ring,
        bounds_deep={"points": 5, "new points": 2},
    ),
    Proof(
        "jump",
        ("PART-3",),
        "With one bucket more, jump consistent hashing moves keys only to it, for any leaps that increase as its do.",
        {"buckets": "any", "leaps": 5},
        prove_jump,
        bounds_deep={"leaps": 8},
    ),
    Proof(
        "bounded_loads",
        ("PART-3",),
        "With one node more and the same capacity, no key goes further from home, and no old node gets fuller.",
        {"nodes": 3, "keys": "any", "capacity": "any"},
        prove_bounded_loads,
        bounds_deep={"nodes": 6},
    ),
    Proof(
        "sticky_turns",
        ("PART-2",),
        "A sticky turn takes at least a batch, and less than twice that and one record.",
        {"bytes": "any"},
        prove_sticky_turns,
    ),
    Proof(
        "placement",
        ("PART-4",),
        "Placed in rounds, no broker is twice in a replica list, and brokers lead within one of each other.",
        {"brokers": "2 to 6", "partitions": "any", "start and shift": "any"},
        prove_placement,
        bounds_deep={"brokers": "2 to 16"},
    ),
)
