"""Replicas go where Apache Kafka puts them, no broker twice in a list, evenly over brokers and racks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from model import replica_placement
from model.replica_placement import (
    BrokerRing,
    InvalidReplicationFactor,
    Rounds,
    StripedPlacer,
    UsableBroker,
    alternated,
    follower_index,
    placed_in_rounds,
    placed_over_racks,
)


def mock_random() -> Callable[[int], int]:
    """The draws of MockRandom, with which Apache Kafka's tests of placement run, as Java's nextInt makes them of it."""
    state = 17

    def bits() -> int:
        nonlocal state
        state = (state * 2862933555777941757 + 3037000493) % (1 << 64)
        return state >> 33

    def draw(below: int) -> int:
        number = bits()
        if below & below - 1 == 0:
            return below * number >> 31
        while number - number % below + below - 1 >= 1 << 31:
            number = bits()
        return number % below

    return draw


def brokers_of(*described: str) -> list[UsableBroker]:
    """Brokers from texts such as "3", "1 fenced", "10 rack=1"."""
    found = []
    for text in described:
        number, *more = text.split()
        racks = [word.partition("=")[2] for word in more if word.startswith("rack=")]
        found.append(UsableBroker(int(number), racks[0] if racks else None, "fenced" in more))
    return found


# -------------------------------------------------------------------------------------------------------------- striped

STRIPED = {
    "testAvoidFencedReplicaIfPossibleOnSingleRack": (
        ["3", "1 fenced", "0", "4", "2"],
        [[3, 4, 0, 2], [4, 0, 2, 3], [0, 2, 3, 4], [2, 3, 4, 0], [0, 4, 3, 2]],
    ),
    "testMultiPartitionTopicPlacementOnSingleUnfencedBroker": (["0", "1 fenced"], [[0], [0], [0]]),
    "testPlacementOnFencedReplicaOnSingleRack": (
        ["3", "1 fenced", "2"],
        [[3, 2, 1], [2, 3, 1], [3, 2, 1], [2, 3, 1]],
    ),
    "testRackListWithMultipleRacks": (
        ["11 rack=1", "10 rack=1", "30 rack=3", "31 rack=3", "21 rack=2", "20 rack=2 fenced"],
        [[11, 21, 31, 10], [21, 30, 10, 20], [31, 11, 21, 30]],
    ),
    "testRackListWithInvalidRacks": (
        [
            "11 rack=1", "10 rack=1", "30 rack=3 fenced", "31 rack=3 fenced", "20 rack=2 fenced", "21 rack=2 fenced",
            "41 rack=4", "40 rack=4 fenced",
        ],
        [[41, 11, 21, 30], [10, 20, 31, 41], [41, 21, 30, 11]],
    ),
    "testSuccessfulPlacement": (["0", "3", "2", "1"], [[2, 3, 0], [3, 0, 1], [0, 1, 2], [1, 2, 3], [1, 0, 2]]),
}  # fmt: skip
"""Brokers and placements of StripedReplicaPlacerTest of Apache Kafka."""


@pytest.mark.parametrize(("described", "expected"), STRIPED.values(), ids=STRIPED)
def test_striped_placement_is_kafkas(described: list[str], expected: list[list[int]]) -> None:
    placer = StripedPlacer.over(brokers_of(*described), mock_random())
    assert expected == [placer.place(len(replicas)) for replicas in expected]


def test_striped_placement_of_many_partitions_is_kafkas() -> None:
    # StripedReplicaPlacerTest.testEvenDistribution
    placer = StripedPlacer.over(brokers_of("0", "1", "2", "3"), mock_random())
    found = Counter(tuple(placer.place(2)) for _ in range(200))
    assert found == {
        (0, 1): 14, (0, 2): 22, (0, 3): 14, (1, 0): 17, (1, 2): 17, (1, 3): 16, (2, 0): 13, (2, 1): 17, (2, 3): 20,
        (3, 0): 20, (3, 1): 19, (3, 2): 11,
    }  # fmt: skip


def test_a_ring_goes_on_from_one_further_each_epoch() -> None:
    # StripedReplicaPlacerTest.testBrokerList
    assert BrokerRing([]).next(1) is None
    ring = BrokerRing([0, 1, 2, 3])
    assert [ring.next(0) for _ in range(6)] == [0, 1, 2, 3, None, None]
    assert [ring.next(1) for _ in range(5)] == [1, 2, 3, 0, None]


@pytest.mark.parametrize(
    ("described", "replication_factor", "message"),
    [
        (["11 rack=1 fenced", "10 rack=1 fenced"], 1, "All brokers are currently fenced."),
        (
            ["11 rack=1", "10 rack=1"],
            3,
            "The target replication factor of 3 cannot be reached because only 2 broker(s) are registered.",
        ),
        (["11 rack=1"], 0, "Invalid replication factor 0: the replication factor must be positive."),
        (["11 rack=1"], -1, "Invalid replication factor -1: the replication factor must be positive."),
    ],
)
def test_a_replication_factor_that_cannot_be_had_is_refused(
    described: list[str], replication_factor: int, message: str
) -> None:
    placer = StripedPlacer.over(brokers_of(*described), mock_random())
    with pytest.raises(InvalidReplicationFactor) as error:
        placer.place(replication_factor)
    assert message == str(error.value)


def seeded(seed: int) -> Callable[[int], int]:
    """Draws by numpy."""
    numbers = np.random.default_rng(seed)
    return lambda below: int(numbers.integers(below))


def check_spread(replicas: list[int], rack_of: dict[int, str]) -> None:
    """No broker twice; racks even, as far as they have brokers: none has two more than one that could take another."""
    assert len(set(replicas)) == len(replicas)
    sizes = Counter(rack_of.values())
    used = Counter(rack_of[b] for b in replicas)
    fewest = min((used[rack] for rack in sizes if used[rack] < sizes[rack]), default=len(replicas))
    assert max(used.values()) - fewest <= 1


@pytest.mark.parametrize("sizes", [(1,), (4,), (2, 2), (1, 3), (3, 3, 3), (1, 2, 4)])
def test_striped_placement_spreads_over_racks(sizes: tuple[int, ...]) -> None:
    brokers = [UsableBroker(10 * r + b, str(r)) for r, size in enumerate(sizes) for b in range(size)]
    rack_of = {b.id: b.rack or "" for b in brokers}
    for seed, replication_factor in product(range(4), range(1, len(brokers) + 1)):
        placer = StripedPlacer.over(brokers, seeded(seed))
        for _ in range(30):
            check_spread(placer.place(replication_factor), rack_of)


@pytest.mark.parametrize("brokers", range(1, 7))
def test_striped_leaders_are_within_one_of_each_other_in_one_rack(brokers: int) -> None:
    for seed in range(10):
        placer = StripedPlacer.over([UsableBroker(b) for b in range(brokers)], seeded(seed))
        leaders: Counter[int] = Counter(dict.fromkeys(range(brokers), 0))
        for _ in range(5 * brokers):
            leaders[placer.place(1)[0]] += 1
            assert max(leaders.values()) - min(leaders.values()) <= 1


def test_striped_only_one_broker_of_each_rack_leads_over_two_racks_of_two() -> None:
    brokers = brokers_of("0 rack=a", "1 rack=a", "2 rack=b", "3 rack=b")
    found = set()
    for starts in product(range(2), repeat=3):
        placer = StripedPlacer.over(brokers, replayed(starts))
        found.add(tuple(sorted(Counter(placer.place(2)[0] for _ in range(4)).items())))
    assert found == {((a, 2), (b, 2)) for a in (0, 1) for b in (2, 3)}


def replayed(starts: tuple[int, ...]) -> Callable[[int], int]:
    """These draws, in order."""
    left = iter(starts)
    return lambda _: next(left)


# ------------------------------------------------------------------------------------------------------------ in rounds


def test_placement_in_rounds_is_kafkas() -> None:
    # AdminRackAwareTest.testReplicaAssignment
    assert placed_in_rounds(range(5), 10, 3, Rounds(0, 0)) == [
        [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 0], [4, 0, 1], [0, 2, 3], [1, 3, 4], [2, 4, 0], [3, 0, 1], [4, 1, 2],
    ]  # fmt: skip


RACKS = {0: "rack1", 1: "rack3", 2: "rack3", 3: "rack2", 4: "rack2", 5: "rack1"}


def test_placement_over_racks_is_kafkas() -> None:
    # AdminRackAwareTest.testGetRackAlternatedBrokerListAndAssignReplicasToBrokers
    assert alternated(RACKS) == [0, 3, 1, 5, 4, 2]
    assert alternated({b: rack for b, rack in RACKS.items() if b != 5}) == [0, 3, 1, 4, 2]
    assert placed_over_racks(RACKS, 7, 3, Rounds(0, 0)) == [
        [0, 3, 1], [3, 1, 5], [1, 5, 4], [5, 4, 2], [4, 2, 0], [2, 0, 3], [0, 4, 2],
    ]  # fmt: skip


EVEN = {0: "rack1", 1: "rack2", 2: "rack2", 3: "rack3", 4: "rack3", 5: "rack1"}
TWELVE = {**EVEN, 6: "rack1", 7: "rack2", 8: "rack2", 9: "rack3", 10: "rack1", 11: "rack3"}
EVENLY_OVER_RACKS = {
    "testAssignmentWithRackAware": (EVEN, 6, 3, 0),
    "testAssignmentWith2ReplicasRackAware": (EVEN, 12, 2, 0),
    "testRackAwareExpansion": ({b + 6: rack for b, rack in EVEN.items()}, 12, 2, 12),
    "testAssignmentWith2ReplicasRackAwareWith6Partitions": (EVEN, 6, 2, 0),
    "testAssignmentWith2ReplicasRackAwareWith6PartitionsAnd3Brokers": ({0: "rack1", 1: "rack2", 4: "rack3"}, 3, 2, 0),
    "testLargeNumberPartitionsAssignment": (TWELVE, 96, 3, 0),
}
"""Racks, partitions, replication factor and first partition for which AdminRackAwareTest wants all to be even."""


@pytest.mark.parametrize(
    ("racks", "partitions", "replication_factor", "first"), EVENLY_OVER_RACKS.values(), ids=EVENLY_OVER_RACKS
)
def test_racks_of_one_size_have_leaders_replicas_and_racks_even(
    racks: dict[int, str], partitions: int, replication_factor: int, first: int
) -> None:
    for start, shift in product(range(0, len(racks), 2), repeat=2):
        placed = placed_over_racks(racks, partitions, replication_factor, Rounds(start, shift, first))
        for replicas in placed:
            check_spread(replicas, racks)
        assert Counter(replicas[0] for replicas in placed) == dict.fromkeys(racks, partitions // len(racks))
        everywhere = Counter(broker for replicas in placed for broker in replicas)
        assert everywhere == dict.fromkeys(racks, partitions * replication_factor // len(racks))


@pytest.mark.parametrize(
    ("racks", "partitions", "replication_factor"),
    [
        (EVEN, 13, 3),  # testAssignmentWithRackAwareWithUnevenReplicas
        ({**EVEN, 1: "rack1"}, 12, 3),  # testAssignmentWithRackAwareWithUnevenRacks
        ({**EVEN, 5: "rack2"}, 6, 5),  # testMoreReplicasThanRacks
        ({**EVEN, 5: "rack2"}, 6, 2),  # testLessReplicasThanRacks
        (dict.fromkeys(EVEN, "rack1"), 6, 3),  # testSingleRack
        ({0: "a", 1: "b", 2: "c", 3: "a", 4: "a"}, 6, 4),  # testSkipBrokerWithReplicaAlreadyAssigned
    ],
)
def test_racks_of_any_size_have_a_replica_before_another_has_two(
    racks: dict[int, str], partitions: int, replication_factor: int
) -> None:
    for start, shift in product(range(len(racks)), repeat=2):
        placed = placed_over_racks(racks, partitions, replication_factor, Rounds(start, shift))
        leaders = Counter(dict.fromkeys(racks, 0))
        for replicas in placed:
            assert len(set(replicas)) == len(replicas) == replication_factor
            assert len({racks[b] for b in replicas}) == min(replication_factor, len(set(racks.values())))
            leaders[replicas[0]] += 1
        assert max(leaders.values()) - min(leaders.values()) <= 1


def test_followers_that_overlap_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def off_by_one(leader: int, distance: int, brokers: int) -> int:
        return (leader + distance % brokers) % brokers

    assert follower_index(0, 3, 5) == off_by_one(0, 4, 5)
    monkeypatch.setattr(replica_placement, "follower_index", off_by_one)
    assert placed_in_rounds(range(5), 1, 2, Rounds(0, 0)) == [[0, 0]]
