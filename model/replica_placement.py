"""On which brokers the replicas of new partitions go, over racks, and who leads at first.

`StripedPlacer` is the controller's (KRaft); `placed_in_rounds` that of the tools and of controllers before it. The same
draws give the same placement as Apache Kafka. `draw(n)` returns an integer from 0 to n - 1, each as likely.

How even they are. In rounds, every broker leads as many partitions as any other, within one. Striped, that is so with
one rack; with several it is not, since rack and broker within the rack advance in step: of two racks of two brokers
each, only one broker of each rack leads, twice, until after four partitions the brokers are shuffled.

Source: org.apache.kafka.metadata.placement.StripedReplicaPlacer; org.apache.kafka.admin.AdminUtils; KIP-36.
Left out: directories of a broker. Racks draw their starts in the order of their names, where Java's go by its hash map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

DrawBelow = Callable[[int], int]


class InvalidReplicationFactor(ValueError):  # noqa: N818 - Kafka's name
    """A replication factor that can't be had: the message says how many brokers there are."""


@dataclass(frozen=True, slots=True)
class UsableBroker:
    """A registered broker. One that is fenced may hold replicas but not lead."""

    id: int
    rack: str | None = None
    fenced: bool = False


# -------------------------------------------------------------------------------------------------------------- striped


@dataclass
class BrokerRing:
    """Brokers that are gone through once an epoch, each epoch from one further on."""

    brokers: list[int]
    offset: int = 0
    epoch: int = 0
    taken: int = 0

    def next(self, epoch: int) -> int | None:
        """The next broker of the epoch; None when all have been."""
        if not self.brokers:
            return None
        if self.epoch != epoch:
            self.epoch, self.taken = epoch, 0
            self.offset = (self.offset + 1) % len(self.brokers)
        if self.taken == len(self.brokers):
            return None
        broker = self.brokers[(self.offset + self.taken) % len(self.brokers)]
        self.taken += 1
        return broker


@dataclass
class Rack:
    """The brokers of a rack."""

    unfenced: BrokerRing
    fenced: BrokerRing

    def next(self, epoch: int) -> int | None:
        """The next broker; fenced ones when all others have been."""
        broker = self.unfenced.next(epoch)
        return self.fenced.next(epoch) if broker is None else broker


@dataclass
class StripedPlacer:
    """Places one partition after the other: racks in turn, and in each rack its brokers in turn."""

    racks: list[Rack]
    draw: DrawBelow
    order: list[int]
    """The racks in the order in which they take turns, by index."""
    offset: int = 0
    epoch: int = 0
    """How many partitions were placed since the last shuffle."""

    @property
    def unfenced(self) -> int:
        """How many brokers may lead."""
        return sum(len(rack.unfenced.brokers) for rack in self.racks)

    @property
    def brokers(self) -> int:
        """How many brokers there are."""
        return self.unfenced + sum(len(rack.fenced.brokers) for rack in self.racks)

    @staticmethod
    def over(brokers: Iterable[UsableBroker], draw: DrawBelow) -> StripedPlacer:
        """A placer that starts at a rack, and in each rack at a broker, that are drawn."""
        by_rack: dict[str | None, list[UsableBroker]] = {}
        for broker in brokers:
            by_rack.setdefault(broker.rack, []).append(broker)
        names = sorted(by_rack, key=lambda name: (name is not None, name or ""))
        racks = [drawn_rack(by_rack[name], draw) for name in names]
        return StripedPlacer(racks, draw, list(range(len(racks))), draw(len(racks)) if racks else 0)

    def place(self, replication_factor: int) -> list[int]:
        """The replicas of the next partition, the leader first. Raises InvalidReplicationFactor."""
        check_replication_factor(replication_factor, self.brokers)
        if self.unfenced == 0:
            raise InvalidReplicationFactor("All brokers are currently fenced.")
        if self.epoch == self.unfenced and self.unfenced > 1:
            self.shuffle()
        self.offset %= len(self.racks)
        turn, leader = self.leader()
        replicas = [leader, *self.followers(turn, replication_factor - 1)]
        self.epoch += 1
        self.offset += 1
        return replicas

    def leader(self) -> tuple[int, int]:
        """The next unfenced broker, and its rack's place in the order of turns."""
        for k in range(len(self.order)):
            turn = (self.offset + k) % len(self.order)
            broker = self.racks[self.order[turn]].unfenced.next(self.epoch)
            if broker is not None:
                return turn, broker
        raise AssertionError("an epoch takes one unfenced broker at the least")

    def followers(self, leaders_turn: int, wanted: int) -> list[int]:
        """One from each rack in turn, from the offset on; the leader's rack is passed over the first time."""
        found: list[int] = []
        turn, has_had_one = self.offset, leaders_turn
        while len(found) < wanted:
            if turn == has_had_one:
                has_had_one = -1
            else:
                broker = self.racks[self.order[turn]].next(self.epoch)
                found += [] if broker is None else [broker]
            turn = (turn + 1) % len(self.order)
        return found

    def shuffle(self) -> None:
        """Begin anew in another order, once every unfenced broker could have led."""
        shuffled(self.order, self.draw)
        for rack in self.racks:
            shuffled(rack.fenced.brokers, self.draw)
            shuffled(rack.unfenced.brokers, self.draw)
        self.epoch = 0


def drawn_rack(members: Sequence[UsableBroker], draw: DrawBelow) -> Rack:
    """A rack whose brokers start at ones that are drawn, those of the fenced first."""
    fenced = drawn_ring(sorted(b.id for b in members if b.fenced), draw)
    return Rack(drawn_ring(sorted(b.id for b in members if not b.fenced), draw), fenced)


def drawn_ring(brokers: list[int], draw: DrawBelow) -> BrokerRing:
    """A ring of brokers that starts at a drawn one."""
    return BrokerRing(brokers, draw(len(brokers)) if brokers else 0)


def shuffled(items: list[int], draw: DrawBelow) -> None:
    """Put items in another order, in place: Fisher and Yates's shuffle from the end, as Java's."""
    for end in range(len(items), 1, -1):
        other = draw(end)
        items[end - 1], items[other] = items[other], items[end - 1]


def check_replication_factor(replication_factor: int, brokers: int) -> None:
    """Raise InvalidReplicationFactor unless there are so many brokers, and at least one replica is wanted."""
    if replication_factor <= 0:
        raise InvalidReplicationFactor(
            f"Invalid replication factor {replication_factor}: the replication factor must be positive."
        )
    if replication_factor > brokers:
        raise InvalidReplicationFactor(
            f"The target replication factor of {replication_factor} cannot be reached because only {brokers} "
            "broker(s) are registered."
        )


# ------------------------------------------------------------------------------------------------------------ in rounds


@dataclass(frozen=True, slots=True)
class Rounds:
    """Where a placement in rounds begins: the broker of the first leader, and how far its followers are from it."""

    start: int
    shift: int
    first_partition: int = 0


def placed_in_rounds(
    brokers: Sequence[int], partitions: int, replication_factor: int, rounds: Rounds
) -> list[list[int]]:
    """The replicas of each partition, without racks: leaders in turn, followers at a distance that grows each round."""
    check_replication_factor(replication_factor, len(brokers))
    return [
        placed_in_rounds_once(brokers, replication_factor, (partition, rounds))
        for partition in range(rounds.first_partition, rounds.first_partition + partitions)
    ]


def placed_in_rounds_once(brokers: Sequence[int], replication_factor: int, at: tuple[int, Rounds]) -> list[int]:
    """The replicas of one partition."""
    partition, rounds = at
    return [brokers[replica_index(partition, number, len(brokers), rounds)] for number in range(replication_factor)]


def replica_index(partition: int, number: int, brokers: int, rounds: Rounds) -> int:
    """The index of the broker with a partition's replica of that number; 0 is the leader."""
    leader = (partition + rounds.start) % brokers
    if number == 0:
        return leader
    return follower_index(leader, shift_of(partition, brokers, rounds) + number - 1, brokers)


def shift_of(partition: int, brokers: int, rounds: Rounds) -> int:
    """The distance in the round of a partition: each round after the first of this placement is one further."""
    return rounds.shift + partition // brokers - max(0, rounds.first_partition - 1) // brokers


def follower_index(leader: int, distance: int, brokers: int) -> int:
    """A broker other than the leader; so many different ones for as many distances in a row, short of all brokers."""
    return (leader + 1 + distance % (brokers - 1)) % brokers


def placed_over_racks(
    racks: dict[int, str], partitions: int, replication_factor: int, rounds: Rounds
) -> list[list[int]]:
    """The same over racks (KIP-36): no rack has a second replica before every rack has one."""
    check_replication_factor(replication_factor, len(racks))
    brokers = alternated(racks)
    return [
        placed_over_racks_once(brokers, racks, replication_factor, (partition, rounds))
        for partition in range(rounds.first_partition, rounds.first_partition + partitions)
    ]


def placed_over_racks_once(
    brokers: Sequence[int], racks: dict[int, str], replication_factor: int, at: tuple[int, Rounds]
) -> list[int]:
    """The replicas of one partition, over brokers that alternate by rack."""
    partition, rounds = at
    count, racks_in_all = len(brokers), len(set(racks.values()))
    leader = (partition + rounds.start) % count
    distance = shift_of(partition, count, rounds) * racks_in_all
    replicas, used = [brokers[leader]], {racks[brokers[leader]]}
    while len(replicas) < replication_factor:
        broker = brokers[follower_index(leader, distance, count)]
        if broker not in replicas and (racks[broker] not in used or len(used) == racks_in_all):
            replicas.append(broker)
            used.add(racks[broker])
        distance += 1
    return replicas


def alternated(racks: dict[int, str]) -> list[int]:
    """The brokers, one of each rack in turn, racks by name and brokers by number."""
    left = {name: sorted((b for b, rack in racks.items() if rack == name), reverse=True) for name in racks.values()}
    result: list[int] = []
    while len(result) < len(racks):
        result += [left[name].pop() for name in sorted(left) if left[name]]
    return result
