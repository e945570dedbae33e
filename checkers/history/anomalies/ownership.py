"""Two owners of one key, and zombies: what an old member or an old producer does after its time.

Source: KIP-98 (producer epochs), KIP-429 (cooperative rebalances), KIP-447 and KIP-848 (generations and member epochs);
ours.
Left out: zombies among operations whose invoke isn't recorded, or that were under way when they were fenced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from checkers.history.anomalies.analysis import Analysis, rows_at_outcomes
from checkers.history.anomalies.columns import Evidence
from checkers.history.anomalies.said import said_name, said_number, saying
from checkers.history.history import NONE, EventType, History, Kind

Fence = tuple[int, int]
"""The highest epoch or generation that is fenced, and the event since which it is."""
UNFENCED: Fence = (NONE, NONE)
Scope = tuple[object, ...]


Member = tuple[str | None, str | None]
"""A group and a member of it."""


@dataclass(slots=True)
class Holding:
    """A member's hold of a key: the generation and the event in which it was given it, and the latest one known."""

    since: int | None
    event: int
    latest: int | None


@dataclass(slots=True)
class Holders:
    """Who holds a key of a group, and who is known to in each generation."""

    of: dict[Member, Holding] = field(default_factory=dict)
    by_generation: dict[int | None, dict[Member, None]] = field(default_factory=dict)

    def go_on(self, member: Member, generation: int) -> list[Member]:
        """A holder is in a generation now; returns the others that hold the key in it."""
        holding = self.of[member]
        if holding.latest != holding.since:
            self.by_generation[holding.latest].pop(member, None)
        holding.latest = generation
        there = self.by_generation.setdefault(generation, {})
        there[member] = None
        return [other for other in there if other != member]

    def drop(self, member: Member) -> None:
        """A member holds the key no longer, if it did."""
        holding = self.of.pop(member, None)
        for generation in (holding.since, holding.latest) if holding else ():
            self.by_generation.get(generation, {}).pop(member, None)


@dataclass(slots=True)
class Owners:
    """Who holds what, as the recording goes on."""

    holders: dict[Scope, Holders] = field(default_factory=dict)
    """By group and key."""
    shared: dict[Member, dict[int, None]] = field(default_factory=dict)
    """The keys of each member that others hold as well, in whichever generations."""

    def give(
        self, member: Member, generation: int | None, keys: Sequence[int], event: int
    ) -> Iterator[tuple[Member, int]]:
        """A member is given keys; yields the others that hold a key of its in this generation, and the key.

        Costs a step for each of the keys and of those that the member shares.
        """
        for key in keys:
            holders = self.holders.setdefault((member[0], key), Holders())
            holders.drop(member)
            for other in (member, next(iter(holders.of))) if holders.of else ():
                self.shared.setdefault(other, {})[key] = None
            holders.of[member] = Holding(generation, event, generation)
            if generation is not None:
                yield from ((other, key) for other in holders.go_on(member, generation))
        for key in [*self.shared.get(member, {})]:
            holders = self.holders[member[0], key]
            if generation not in (None, holders.of[member].latest):
                yield from ((other, key) for other in holders.go_on(member, generation))

    def forget(self, group: str | None, keys: Sequence[int], noted_by: NDArray[np.int32], process: int) -> None:
        """Keys are no longer held by those of whom a process noted it; `noted_by` is by event."""
        for key in keys:
            holders = self.holders.get((group, key), Holders())
            for member in [member for member, holding in holders.of.items() if noted_by[holding.event] == process]:
                self.take(member, [key])

    def take(self, member: Member, keys: Sequence[int]) -> None:
        """A member gives keys up."""
        for key in keys:
            holders = self.holders.setdefault((member[0], key), Holders())
            holders.drop(member)
            self.shared.get(member, {}).pop(key, None)
            if len(holders.of) == 1:
                self.shared.get(next(iter(holders.of)), {}).pop(key, None)


def two_owners(analysis: Analysis) -> list[Evidence]:
    """Keys that two members of a group held in the same generation.

    A member holds what it was assigned until it is revoked, through all the generations that it is assigned more in
    (KIP-429). Where a generation or a member isn't known (no name, or an empty one), nothing is claimed, and what its
    process noted of these keys before counts no longer.
    """
    history, owners = analysis.history, Owners()
    codes = [history.functions.find(name) for name in ("assigned", "revoked")]
    found: list[Evidence] = []
    for event in np.flatnonzero(np.isin(history.function, codes) & (history.type != EventType.INVOKE)).tolist():
        group, member = said_name(history, event, "group"), said_name(history, event, "member")
        keys = history.key[history.rows[event] : history.rows[event + 1]].tolist()
        if not member:
            owners.forget(group, keys, history.process, int(history.process[event]))
            continue
        if history.function[event] == codes[1]:
            owners.take((group, member), keys)
            continue
        generation = said_number(history, event, "generation")
        for other, key in owners.give((group, member), generation, keys, event):
            since = owners.holders[group, key].of[other].event
            found.append(
                {
                    "group": group,
                    "generation": generation,
                    "key": history.shown_key(key),
                    "members": [other[1], member],
                    "operations": [analysis.index(since), analysis.index(event)],
                }
            )
    return found


@dataclass(slots=True)
class Fences:
    """What is fenced, by scope: a producer id, a group and key, or a group and member."""

    of_scope: dict[Scope, Fence] = field(default_factory=dict)

    def raise_to(self, scope: Scope, number: int, event: int) -> None:
        """Fence a number and all lower ones."""
        if number > self.of_scope.get(scope, UNFENCED)[0]:
            self.of_scope[scope] = (number, event)

    def over(self, scopes: list[Scope], number: int) -> Fence | None:
        """The fence that stands over a number in any of the scopes, if one does."""
        fences = [self.of_scope.get(scope, UNFENCED) for scope in scopes]
        return next((fence for fence in fences if fence[0] >= number), None)


@dataclass(frozen=True, slots=True)
class Act:
    """A write by a producer, or a commit by a member: what it touched, and the numbers that could be fenced."""

    scopes: list[Scope]
    number: int
    evidence: Evidence
    succeeded: bool


def zombie_write(analysis: Analysis) -> list[Evidence]:
    """Writes and commits that succeeded although they were invoked after their epoch or generation was fenced.

    A producer's epoch is fenced once a newer epoch of its id has done something, and as a "fenced" event says; a
    generation, for a key, once a newer one was assigned it or committed for it, and for a member as a "fenced" event
    says.
    """
    history, fences = analysis.history, Fences()
    acts: dict[int, list[Act]] = {}
    for event, act in [*writes(analysis), *commits(analysis)]:
        acts.setdefault(event, []).append(act)
    raising = dict[int, list[tuple[Scope, int]]]()
    for event, scope, number in fencings(analysis):
        raising.setdefault(event, []).append((scope, number))
    under_way = {int(history.partner[event]): event for event in acts}
    found: list[tuple[int, Evidence]] = []
    for moment in sorted({*under_way, *raising} - {NONE}):
        for act in acts.get(under_way.get(moment, NONE), []):
            fence = fences.over(act.scopes, act.number)
            if act.succeeded and fence is not None:
                found.append((under_way[moment], act.evidence | {"fenced_by": analysis.index(fence[1])}))
        for scope, number in raising.get(moment, []):
            fences.raise_to(scope, number, moment)
    return [evidence for _, evidence in sorted(found, key=lambda item: item[0])]


def fencings(analysis: Analysis) -> Iterator[tuple[int, Scope, int]]:
    """What fences what: an event, the scope, and the number that is fenced there from then on."""
    history = analysis.history
    fenced = history.functions.find("fenced")
    for event in saying(history, "producer_epoch", analysis.outcome):
        producer, epoch = said_number(history, event, "producer_id"), said_number(history, event, "producer_epoch")
        if producer is None or epoch is None or history.type[event] == EventType.INVOKE:
            continue
        if history.function[event] == fenced:
            yield event, ("producer", producer), epoch
        elif analysis.outcome[event] == EventType.OK and is_client(history, event):
            yield event, ("producer", producer), epoch - 1
    for event in saying(history, "generation", analysis.outcome):
        generation = said_number(history, event, "generation")
        if generation is not None and analysis.outcome[event] != EventType.INVOKE:
            for scope, number in fenced_generations(analysis, event, generation):
                yield event, scope, number


def is_client(history: History, event: int) -> bool:
    """Whether an event completes an operation, and isn't an observation."""
    return bool(history.partner[event] != NONE)


def fenced_generations(analysis: Analysis, event: int, generation: int) -> Iterator[tuple[Scope, int]]:
    """What the generation of an event fences."""
    history = analysis.history
    group = said_name(history, event, "group")
    function = history.function_name(event)
    if function == "fenced":
        yield ("member", group, said_name(history, event, "member")), generation
    elif function == "assigned" or analysis.outcome[event] == EventType.OK:
        kinds = (Kind.OBSERVE,) if function == "assigned" else (Kind.COMMIT,)
        for row in history.rows_of(event):
            if history.kind[row] in kinds:
                yield ("key", group, int(history.key[row])), generation - 1


def writes(analysis: Analysis) -> Iterator[tuple[int, Act]]:
    """The sends of producers that say their id and epoch."""
    history, sends = analysis.history, analysis.sends
    for event in saying(history, "producer_epoch", analysis.outcome):
        producer, epoch = said_number(history, event, "producer_id"), said_number(history, event, "producer_epoch")
        if producer is None or epoch is None:
            continue
        low, high = np.searchsorted(sends.event, [event, event + 1])
        for row in range(low, high):
            message = int(sends.message[row])
            evidence: Evidence = {
                "type": "write",
                "key": analysis.key(int(sends.key[row])),
                "value": analysis.value(message),
                "producer_id": producer,
                "producer_epoch": epoch,
                "writer": analysis.index(event),
            }
            succeeded = analysis.outcome[event] == EventType.OK or analysis.reader_of[message] != NONE
            yield event, Act([("producer", producer)], epoch, evidence, bool(succeeded))


def commits(analysis: Analysis) -> Iterator[tuple[int, Act]]:
    """The commits of members that say their generation."""
    history = analysis.history
    rows, owner = rows_at_outcomes(history, [Kind.COMMIT])
    for row, event in zip(rows.tolist(), owner.tolist(), strict=True):
        generation = said_number(history, event, "generation")
        if generation is None or analysis.outcome[event] != EventType.OK:
            continue
        names: Mapping[str, str | None] = {name: said_name(history, event, name) for name in ("group", "member")}
        key, group = int(history.key[row]), names["group"]
        evidence: Evidence = {
            "type": "commit",
            "key": history.shown_key(key),
            "offset": int(history.offset[row]),
            **names,
            "generation": generation,
            "writer": analysis.index(event),
        }
        scopes: list[Scope] = [("key", group, key), ("member", group, names["member"]), ("member", group, None)]
        yield event, Act(scopes, generation, evidence, succeeded=True)
