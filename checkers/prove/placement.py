"""Proofs of the placement of replicas, over brokers and over racks: no broker twice, racks and leaders in turn.

The code of `model.replica_placement` is run with starts, shifts, numbers of partitions and draws that are not known;
numbers of brokers and racks are known and small. Where the numbers of a partition are unknown, one partition is placed;
lists of partitions begin at known ones.

Source: PART-4 of `specs.guarantees`; as `model.replica_placement`.
Left out: that leaders of striped placement over several racks are even, which they are not (see there).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import z3

from checkers.prove.claims import Claim, all_of, between, proved
from checkers.prove.proof import Proof, Proved
from checkers.prove.replaced import replaced
from checkers.prove.terms import Number, Truth, truth
from model import replica_placement
from model.replica_placement import Rounds, StripedPlacer, UsableBroker

Racks = tuple[int, ...]
"""How many brokers each rack has."""
Index = Callable[[Any, Any, int, Any], Any]

START, SHIFT, FIRST, PARTITION = (Number(z3.Int(name)) for name in ("start", "shift", "first", "partition"))


def known_of(brokers: int) -> tuple[z3.BoolRef, ...]:
    """What is known of start, shift and partition, for so many brokers."""
    return (*between(0, [START, SHIFT], brokers - 1), truth(FIRST >= 0), truth(PARTITION >= FIRST))


def fair(counts: Sequence[int]) -> bool:
    """Whether no two differ by more than one."""
    return max(counts) - min(counts) <= 1


# ------------------------------------------------------------------------------------------------------------ in rounds


def index_claims(brokers: int, index: Index) -> list[Claim]:
    """That no broker is twice in a list, and that fewer partitions in a row than there are brokers share no leader.

    With one broker there is nothing that could be twice.
    """
    one, other = (Number(z3.Int(name)) for name in ("one", "other"))
    rounds: Any = Rounds(START, SHIFT, FIRST)  # type: ignore[arg-type]

    def no_broker_twice() -> Truth:
        here, there = (index(PARTITION, number, brokers, rounds) for number in (one, other))
        return all_of([here != there, *(r >= 0 for r in (here, there)), *(r < brokers for r in (here, there))])

    def leaders_in_turn() -> Truth:
        here, there = (index(PARTITION + k, 0, brokers, rounds) for k in (one, other))
        return Truth(truth(here != there))

    two = (*between(0, [one, other], brokers - 1), truth(one < other))
    return [
        Claim(f"no broker twice, {brokers} brokers", no_broker_twice, (*known_of(brokers), *two)),
        Claim(f"leaders in turn, {brokers} brokers", leaders_in_turn, (*known_of(brokers), *two)),
    ]


def index_off_by_one(partition: Any, number: Any, brokers: int, rounds: Any) -> Any:  # noqa: ANN401 - numbers
    """Broken: followers are counted from the leader on, and not from the broker after it."""
    leader = (partition + rounds.start) % brokers
    return leader if number == 0 else (leader + rounds.shift + number - 1) % brokers


def rounds_claim(brokers: int) -> Claim:
    """Whole lists by `placed_in_rounds`, from any start and shift: no broker twice, leaders within one."""
    names = list(range(10, 10 + brokers))

    def says() -> bool:
        for first in range(2):
            rounds: Any = Rounds(START, SHIFT, first)  # type: ignore[arg-type]
            lists = replica_placement.placed_in_rounds(names, brokers + 1, brokers, rounds)
            if not all(sorted(replicas) == names for replicas in lists) or not fair(leaders_of(lists, names)):
                return False
        return True

    return Claim(f"{brokers} brokers in rounds", says, between(0, [START, SHIFT], brokers - 1))


def leaders_of(lists: Sequence[Sequence[int]], brokers: Sequence[int]) -> list[int]:
    """How many lists each broker leads."""
    led = Counter(replicas[0] for replicas in lists)
    return [led[broker] for broker in brokers]


# ----------------------------------------------------------------------------------------------------------- over racks


def racks_of(racks: Racks) -> dict[int, str]:
    """Each broker's rack."""
    return {rack * 10 + broker: str(rack) for rack, brokers in enumerate(racks) for broker in range(brokers)}


def spread(replicas: Sequence[int], racks: dict[int, str]) -> bool:
    """Whether no broker is twice in a list, and no rack has a second replica before every rack has one."""
    used = len({racks[broker] for broker in replicas})
    return len(set(replicas)) == len(replicas) and used == min(len(replicas), len(set(racks.values())))


TURN, ROUND, ROUNDS = (Number(z3.Int(name)) for name in ("turn", "round", "rounds"))


def any_partition(brokers: int) -> tuple[Number, tuple[z3.BoolRef, ...]]:
    """A partition of any number, as its turn in a round, and its round up to where distances are the same again."""
    partition = (ROUNDS * (brokers - 1) + ROUND) * brokers + TURN
    return partition, (*between(0, [TURN], brokers - 1), *between(0, [ROUND], brokers - 2), truth(ROUNDS >= 0))


def partition_over_racks(racks: Racks) -> Claim:
    """One partition by `placed_over_racks_once`, whatever its number, the start and the shift, of any factor."""
    known = racks_of(racks)
    partition, divided = any_partition(len(known))
    at: Any = (partition, Rounds(START, SHIFT))  # type: ignore[arg-type]

    def says() -> bool:
        brokers = replica_placement.alternated(known)
        if sorted(brokers) != sorted(known):
            return False
        for factor in range(1, len(known) + 1):
            replicas = replica_placement.placed_over_racks_once(brokers, known, factor, at)
            if len(replicas) != factor or not spread(replicas, known):
                return False
        return True

    return Claim(f"a partition over racks of {racks}", says, (*divided, *between(0, [START, SHIFT], len(known) - 1)))


def all_over_racks(racks: Racks) -> Claim:
    """Whole lists by `placed_over_racks`: as of one partition, and leaders within one."""
    known = racks_of(racks)

    def says() -> bool:
        rounds: Any = Rounds(START, SHIFT, 0)  # type: ignore[arg-type]
        if sorted(replica_placement.alternated(known)) != sorted(known):
            return False
        lists = replica_placement.placed_over_racks(known, len(known) + 1, 2, rounds)
        return all(spread(replicas, known) for replicas in lists) and fair(leaders_of(lists, list(known)))

    return Claim(f"partitions over racks of {racks}", says, between(0, [START, SHIFT], len(known) - 1))


def over_racks_without_regard(brokers: Any, _racks: Any, factor: int, at: Any) -> list[int]:  # noqa: ANN401
    """Broken: as if there were no racks."""
    return replica_placement.placed_in_rounds_once(brokers, factor, at)


# -------------------------------------------------------------------------------------------------------------- striped


DRAWS_MAX = 24


def draws() -> Callable[[int], Any]:
    """Draws that are not known, the same in every run."""
    made: Iterator[int] = count()
    return lambda below: Number(z3.Int(f"draw{next(made)}")) % below


def striped(racks: Racks, partitions: int, fenced: int = 0) -> Claim:
    """Lists by `StripedPlacer.place`, of any factor, whatever is drawn. The first so many brokers are fenced.

    No broker is twice in one, none that is fenced leads, and racks of one size are within one of each other. With one
    rack, leaders are within one after any number of partitions.
    """
    known = racks_of(racks)
    brokers = [UsableBroker(b, rack, i < fenced) for i, (b, rack) in enumerate(known.items())]
    leading = [broker.id for broker in brokers if not broker.fenced]

    def is_right(replicas: list[int], factor: int) -> bool:
        used = Counter(dict.fromkeys(known.values(), 0))
        used.update(known[broker] for broker in replicas)
        even = fenced > 0 or len(set(racks)) > 1 or fair(list(used.values()))
        return len(set(replicas)) == len(replicas) == factor and replicas[0] in leading and even

    def says() -> bool:
        for factor in range(1, len(known) + 1):
            placer, lists = StripedPlacer.over(brokers, draws()), list[list[int]]()
            for _ in range(partitions):
                lists.append(placer.place(factor))
                if not is_right(lists[-1], factor) or (len(racks) == 1 and not fair(leaders_of(lists, leading))):
                    return False
        return True

    bounds = tuple(z3.Int(f"draw{k}") >= 0 for k in range(DRAWS_MAX))
    return Claim(f"{partitions} partitions striped over racks of {racks}, {fenced} fenced", says, bounds)


def followers_from_any_rack(self: StripedPlacer, _leaders_turn: int, wanted: int) -> list[int]:
    """Broken: the leader's rack is not passed over."""
    found: list[int] = []
    turn = self.offset
    while len(found) < wanted:
        broker = self.racks[self.order[turn]].next(self.epoch)
        found += [] if broker is None else [broker]
        turn = (turn + 1) % len(self.order)
    return found


# ----------------------------------------------------------------------------------------------------------- the proofs


def instead_of(place: str, instead: Callable[..., Any], claim: Claim) -> Claim:
    """The claim with something else in a place of the code."""

    def says() -> object:
        with replaced(f"model.replica_placement.{place}", instead):
            return claim.says()

    return Claim(claim.name, says, claim.assumed)


def prove_rounds(*, deep: bool) -> Proved:
    """Any start, shift, first partition and number of partitions; some numbers of brokers."""
    sizes: Sequence[int] = range(2, 17) if deep else range(2, 7)
    claims = [claim for n in sizes for claim in index_claims(n, replica_placement.replica_index)]
    claims += [rounds_claim(n) for n in range(2, 6 if deep else 4)]
    controls = [
        ("followers are counted from the leader on", index_claims(3, index_off_by_one)[0]),
        ("so in the code", instead_of("replica_index", index_off_by_one, rounds_claim(3))),
    ]
    return proved(claims, controls)


RACKS: tuple[Racks, ...] = ((1, 1), (2, 1), (2, 2), (1, 1, 1))
RACKS_DEEP: tuple[Racks, ...] = ((3, 1), (2, 2, 2), (3, 3), (1, 2, 3))


def prove_racks(*, deep: bool) -> Proved:
    """Some racks; any start, shift and partition."""
    racks = (*RACKS, *(RACKS_DEEP if deep else ()))
    claims = [claim(shape) for shape in racks for claim in (partition_over_racks, all_over_racks)]
    broken = instead_of("placed_over_racks_once", over_racks_without_regard, partition_over_racks((2, 1)))
    return proved(claims, [("racks are not regarded", broken)])


def prove_striped(*, deep: bool) -> Proved:
    """Some racks, whatever is drawn."""
    claims = [striped((2,), 3), striped((3,), 4), striped((1, 1), 3), striped((2, 1), 2, fenced=1), striped((2, 2), 2)]
    if deep:
        claims += [striped((3,), 7), striped((2, 2), 5), striped((1, 1, 1), 4), striped((2, 2), 3, fenced=1)]
    broken = instead_of("StripedPlacer.followers", followers_from_any_rack, striped((2, 2), 1))
    return proved(claims, [("the leader's rack is not passed over", broken)])


def shown(racks: Sequence[Racks]) -> str:
    """Numbers of brokers, a semicolon between clusters."""
    return "; ".join(", ".join(map(str, brokers)) for brokers in racks)


PROOFS = (
    Proof(
        "placement",
        ("PART-4",),
        "`replica_index`: no broker twice in a list, leaders in turn; so of the lists of `placed_in_rounds`.",
        {"brokers": "2 to 6", "partitions": "any", "start and shift": "any", "lists": "of 2 and 3 brokers"},
        prove_rounds,
        bounds_deep={"brokers": "2 to 16", "lists": "of 2 to 5 brokers"},
    ),
    Proof(
        "placement_over_racks",
        ("PART-4",),
        "`placed_over_racks_once` on `alternated` brokers: no broker twice, no rack a second time before each was "
        "once; so of the lists of `placed_over_racks`, with leaders within one.",
        {"brokers of racks": shown(RACKS), "partition": "any", "start and shift": "any", "replication factor": "any"},
        prove_racks,
        bounds_deep={"brokers of racks": shown((*RACKS, *RACKS_DEEP))},
    ),
    Proof(
        "placement_striped",
        ("PART-4",),
        "`StripedPlacer.place`: no broker twice, no fenced leader, racks of one size within one in each list; with one "
        "rack, leaders within one.",
        {"brokers of racks": "2; 3; 1, 1; 2, 2; 2, 1", "partitions": "2 to 4", "draws": "any"},
        prove_striped,
        bounds_deep={"brokers of racks": "2; 3; 1, 1; 2, 2; 2, 1; 1, 1, 1", "partitions": "2 to 7"},
    ),
)
