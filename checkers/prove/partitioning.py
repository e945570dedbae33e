"""Proofs of partitioning: consistent hashing for any hash values, and the length of sticky turns.

The code of `model` is run on hash values, loads and sizes that are not known. What is broken on purpose, for the
negative controls, stands next to what it breaks. Jump is in `checkers.prove.leaps`.

Source: as `model.theory.hashing` and `model.client.partitioner`.
Left out: how evenly hashes spread keys, which is measured; nodes that go, of which rings and rendezvous promise the
same by symmetry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise, permutations
from typing import Any

import z3

from checkers.prove.claims import Claim, all_of, any_of, between, numbers, proved, unknown_truth
from checkers.prove.proof import Proof, Proved
from checkers.prove.replaced import replaced
from checkers.prove.terms import Number, Truth, truth
from model.client.partitioner import StickyBytes
from model.theory import hashing

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
    """The function itself: a highest score wins, and with one node more, keys move only to it."""
    scores: list[Any] = [(score, node) for node, score in enumerate(numbers("hash", nodes + 1))]

    def says() -> object:
        before, after = hashing.rendezvous(scores[:-1]), hashing.rendezvous(scores)
        return after in (before, nodes) and all_of(scores[after][0] >= score for score, _ in scores)

    return Claim(f"{nodes} nodes", says)


def first_if_equal(left: Scored, right: Scored) -> Scored:
    """Broken: of two equal scores the one that was met first."""
    return left if left[0] >= right[0] else right


def prove_rendezvous(*, deep: bool) -> Proved:
    """The lemmas, for any number of nodes; the loop over nodes at small numbers."""
    claims = [*rendezvous_claims(hashing.higher), rendezvous_moves(5 if deep else 3)]
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
        grown: Any = hashing.with_node(ring, newest, added)  # type: ignore[arg-type]
        return owner(grown, key) in (owner(ring, key), newest)

    return Claim(f"{points} points and {new_points} new ones of node {newest}", says, in_order)


def ring_owner(points: int) -> Claim:
    """That a key's owner has the first point at the key or after it; the first of all, if there is none."""
    positions, key = numbers("position", points), Number(z3.Int("key"))
    ring: Any = list(zip(positions, range(points), strict=True))

    def says() -> Truth:
        owner = hashing.owner_on_ring(ring, key)  # type: ignore[arg-type]
        beyond = all_of(position < key for position in positions)
        first = all_of([positions[owner] >= key, *(position < key for position in positions[:owner])])
        return any_of([first, beyond & (owner == 0)])

    return Claim(f"the owner on {points} points", says, tuple(truth(a <= b) for a, b in pairwise(positions)))


def owner_by_remainder(ring: Any, key: Any) -> int:  # noqa: ANN401 - points and a number
    """Broken: the point whose index is the key's remainder, as if nodes were buckets of a table."""
    return int(ring[int(key % len(ring))][1])


def prove_ring(*, deep: bool) -> Proved:
    """Small rings, any positions, equal ones too; the new node before or after all others among equals."""
    points, new_points = (5, 2) if deep else (3, 1)
    claims = [ring_moves(points, new_points, hashing.owner_on_ring, newest) for newest in (points, -1)]
    claims.append(ring_owner(points))
    return proved(claims, [("the remainder decides", ring_moves(2, 1, owner_by_remainder, 2))])


# -------------------------------------------------------------------------------------------------------- bounded loads


def bounded_step(nodes: int, home: int, place: Callable[..., Any] | None = None, *, only_to_new: bool = False) -> Claim:
    """That one key more, placed with and without a new node, keeps what is said of loads, and goes no further with it.

    A key goes to the first node that has room. What is said: no old node has more keys with the new node than without.
    By induction it is so after any number of keys, at any capacity. The new node stands between the last and the first;
    where else makes no difference.
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
        placed: Callable[..., Any] = place or hashing.first_with_room
        before = placed([n for n in around if n != nodes], loads, capacity)
        after = placed(around, grown, capacity)
        if only_to_new:
            return after in (before, nodes)
        first = [
            loads[before] < capacity,
            *(loads[n] >= capacity for n in around[: around.index(before)] if n != nodes),
        ]
        kept = [*first, *(grown[n] + (n == after) <= loads[n] + (n == before) for n in range(nodes))]
        return around.index(after) <= around.index(before) and all_of(kept)

    return Claim(f"{nodes} nodes, from {home}", says, assumed)


def bounded_run(keys: int, nodes: int) -> Claim:
    """The whole of it for a few keys, which probe the nodes in any orders, the new one anywhere among them.

    The first key's order is that of the nodes' numbers.
    """
    capacity = Number(z3.Int("capacity"))
    orders = list(permutations(range(nodes)))
    drawn, places = numbers("order", keys), numbers("place", keys)

    def says() -> bool:
        probed = [orders[0], *(orders[int(number)] for number in drawn[1:])]
        grown = [(*order[: int(at)], nodes, *order[int(at) :]) for order, at in zip(probed, places, strict=True)]
        before = hashing.bounded_loads(probed, capacity)  # type: ignore[arg-type]
        after = hashing.bounded_loads(grown, capacity)  # type: ignore[arg-type]
        nearer = all(g.index(b) <= g.index(a) for g, a, b in zip(grown, before, after, strict=True))
        full = all(after.count(node) <= before.count(node) for node in range(nodes))
        return nearer and full and all_of(before.count(node) <= capacity for node in range(nodes))  # type: ignore[return-value]

    limits = (*between(0, drawn, len(orders) - 1), *between(0, places, nodes), truth(capacity * nodes >= keys))
    return Claim(f"{keys} keys on {nodes} nodes", says, limits)


def prove_bounded_loads(*, deep: bool) -> Proved:
    """Any number of keys, any capacity, a few nodes; that keys move only to the new node is false, and found to be."""
    nodes = 6 if deep else 3
    claims = [bounded_step(nodes, home) for home in range(nodes + 1)]
    claims.append(bounded_run(3, 3 if deep else 2))
    last = bounded_step(2, 0, lambda nodes, *rest: hashing.first_with_room(nodes[::-1], *rest))
    to_new = bounded_step(2, 0, only_to_new=True)
    return proved(claims, [("the last node with room is taken", last), ("keys move only to the new node", to_new)])


# --------------------------------------------------------------------------------------------------------- sticky turns

NOW, NEXT = 0, 1
"""The partition of the turn, and the one that is drawn for the next."""


def turn_claims() -> list[Claim]:
    """What `StickyBytes.after_append` makes of a turn: it ends after a batch, before twice that and one record.

    Where it ends, and only there, a partition is drawn, and the next begins without bytes.
    """
    turn, size, batch, largest = (Number(z3.Int(name)) for name in ("turn", "size", "batch", "largest"))
    switch = unknown_truth("may_switch")
    sizes = (*between(0, [turn], batch + batch - 1), *between(1, [size], largest), truth(batch >= 1))

    def appended(may_switch: Any) -> tuple[bool, Truth]:  # noqa: ANN401 - a truth
        sticky: Any = StickyBytes(batch, NOW, turn)  # type: ignore[arg-type]
        after = sticky.after_append(size, [NEXT], lambda: 0, may_switch=may_switch)
        over = after.partition == NEXT
        return over, all_of([after.turn_bytes == (0 if over else turn + size), after.batch_bytes == batch])

    def says() -> Truth:
        over, right = appended(switch)
        bytes_so_far = turn + size
        if over:
            return all_of([right, bytes_so_far >= batch, bytes_so_far <= 2 * batch - 1 + largest])
        return all_of([right, bytes_so_far < 2 * batch])

    def always_says() -> Truth:
        over, right = appended(may_switch=True)
        bytes_so_far = turn + size
        if over:
            return all_of([right, bytes_so_far >= batch, bytes_so_far < batch + largest])
        return all_of([right, bytes_so_far < batch])

    return [
        Claim("turns that may be put off", says, sizes),
        Claim("turns that are not put off", always_says, (*sizes, truth(turn < batch))),
    ]


def turns_by(over: Callable[..., Any], claim: Claim) -> Claim:
    """The same with something else in the place of `turn_is_over`."""

    def says() -> object:
        with replaced("model.client.partitioner.turn_is_over", over):
            return claim.says()

    return replace(claim, says=says)


def over_when_ready(turn_bytes: Any, batch_bytes: Any, *, may_switch: Any) -> Any:  # noqa: ANN401 - numbers, a truth
    """Broken: a turn is put off as long as the batch is not ready."""
    return may_switch and turn_bytes >= batch_bytes


def prove_sticky_turns(*, deep: bool) -> Proved:
    """Any sizes."""
    del deep
    claims = turn_claims()
    return proved(claims, [("a turn has no end", turns_by(over_when_ready, claims[0]))])


PROOFS = (
    Proof(
        "rendezvous",
        ("PART-3",),
        "`higher` chooses in any order; with one node more, `rendezvous` moves keys only to it, for any hash values.",
        {"nodes": "any", "hashes": "any", "nodes of the loop": 3},
        prove_rendezvous,
        bounds_deep={"nodes of the loop": 5},
    ),
    Proof(
        "ring",
        ("PART-3",),
        "`owner_on_ring` with points more by `with_node`: keys go only to these, for any positions.",
        {"points": 3, "new points": 1, "positions": "any"},
        prove_ring,
        bounds_deep={"points": 5, "new points": 2},
    ),
    Proof(
        "bounded_loads",
        ("PART-3",),
        "`first_with_room` with one node more and the same capacity: no key goes further from home, no old node gets "
        "fuller; so of `bounded_loads` as a whole, for a few keys.",
        {"nodes": 3, "keys": "any", "capacity": "any", "as a whole": "3 keys on 2 nodes, in any orders"},
        prove_bounded_loads,
        bounds_deep={"nodes": 6, "as a whole": "3 keys on 3 nodes, in any orders"},
    ),
    Proof(
        "sticky_turns",
        ("PART-2",),
        "`StickyBytes.after_append`: a turn takes at least a batch, and less than twice that and one record; less than "
        "a batch and one record if it may always end.",
        {"bytes": "any"},
        prove_sticky_turns,
    ),
)
