"""Every small group put to an assignor: what holds of all of them, by count, or the first group for which it does not.

For each assignor there is what it promises: everything of ASSIGN-1 to ASSIGN-5 that its algorithm is made for.

Source: ASSIGN-1 to ASSIGN-5 of `specs.guarantees`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from checkers.assignments.judge import (
    equal_subscriptions,
    former_owners,
    handover_faults,
    loads,
    moves,
    ownership_faults,
    shown,
    spread_by_topic,
    unwanted,
)
from checkers.assignments.optimum import least_moves_of_equal_subscriptions
from model.group.assignment import Assignment, Group
from model.group.assignors import Assignor

Promise = Callable[[Assignor, Group, Assignment], str]
"""What is wrong with an assignment that an assignor made of a group, in words; empty if nothing is."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first group for which a promise is not kept."""

    promise: str
    group: Group
    what: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.what} ({described(self.group)})"


@dataclass(frozen=True, slots=True)
class Tried:
    """How many groups were tried, and the first that broke a promise, if there is one."""

    groups: int
    broken: Broken | None = None


def try_all(assignor: Assignor, promises: Mapping[str, Promise], groups: Iterable[Group]) -> Tried:
    """Put groups to an assignor until a promise is broken."""
    count = 0
    for group in groups:
        count += 1
        assignment = assignor(group)
        for name, promise in promises.items():
            what = promise(assignor, group, assignment)
            if what:
                return Tried(count, Broken(name, group, what))
    return Tried(count)


def described(group: Group) -> str:
    """A group on one line."""
    topics = " ".join(f"{topic.name}:{topic.partitions}" for topic in group.topics)
    members = "; ".join(
        f"{m.id} wants {','.join(m.topics) or 'nothing'}" + "".join(f" {shown(p)}" for p in m.owned)
        for m in group.members
    )
    return f"{topics}; {members}"


# ------------------------------------------------------------------------------------------------------------- promises


def one_owner(_assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-1: every partition has one owner, who subscribes to it."""
    return "; ".join(ownership_faults(group, assignment))


def one_owner_at_most(_assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-1 where partitions are withheld for now: none has two owners, or one that doesn't subscribe to it."""
    doubled = [f"{shown(p)} has {len(of)} owners" for p, of in assignment.owners().items() if len(of) > 1]
    return "; ".join((*doubled, *unwanted(group, assignment)))


def even_by_topic(_assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-2 of range: subscribers' shares of each topic differ by one at most."""
    spread = spread_by_topic(group, assignment)
    return f"shares of a topic differ by {spread}" if spread > 1 else ""


def even_where_equal(_assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-2 of the others: loads differ by one at most where all subscribe to the same topics."""
    sizes = loads(group, assignment)
    uneven = equal_subscriptions(group) and sizes[-1] - sizes[0] > 1
    return f"loads are {sizes}" if uneven else ""


def fewest_moves_where_equal(_assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-3: no more partitions move than evenness asks for, where all subscribe to the same topics."""
    if not equal_subscriptions(group):
        return ""
    count, least = moves(group, assignment), least_moves_of_equal_subscriptions(group)
    return f"{count} partitions move, {least} must" if count != least else ""


def nothing_moves_where_balanced(_assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-3: where subscriptions differ, and no single move would even out anything, nothing moves."""
    former = former_owners(group)
    if equal_subscriptions(group) or len(former) < sum(topic.partitions for topic in group.subscribed_topics()):
        return ""
    had = Counter(former.values())
    wanting = {topic.name: [m.id for m in group.members if topic.name in m.topics] for topic in group.topics}
    balanced = all(had[owner] <= had[other] + 1 for p, owner in former.items() for other in wanting[p.topic])
    count = moves(group, assignment)
    return f"{count} partitions move, though no move would even things out" if balanced and count else ""


def stays_put(assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-3: assigned again, with everyone owning what it got, nothing moves."""
    again = assignor(rejoined(group, assignment))
    return "" if again == assignment else f"{shown_assignment(assignment)} becomes {shown_assignment(again)}"


def any_order(assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-4: whatever the order of members, of topics and of what members want and own, the result is the same."""
    for members in itertools.permutations(group.members):
        turned = tuple(replace(m, topics=m.topics[::-1], owned=m.owned[::-1]) for m in members)
        other = assignor(Group(turned, group.topics[::-1]))
        if other != assignment:
            return f"{shown_assignment(assignment)}, or {shown_assignment(other)} if {[m.id for m in members]} come so"
    return ""


def given_up_first(_assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-5: nothing goes to a member while another owns it."""
    return "; ".join(handover_faults(group, assignment))


def withheld_only_to_move(assignor: Assignor, group: Group, assignment: Assignment) -> str:
    """ASSIGN-5: once everyone has given up what it was not assigned, the next assignment withholds nothing."""
    return one_owner(assignor, group, assignor(rejoined(group, assignment)))


def rejoined(group: Group, assignment: Assignment) -> Group:
    """The group in the next generation, with everyone owning what it was assigned, and nothing else."""
    owned = assignment.by_member()
    return replace(group, members=tuple(replace(m, owned=owned.get(m.id, ()), generation=1) for m in group.members))


def shown_assignment(assignment: Assignment) -> str:
    """An assignment on one line."""
    return " ".join(f"{member}={','.join(map(shown, owned)) or 'none'}" for member, owned in assignment.owned)


PROMISES: Final[Mapping[str, Mapping[str, Promise]]] = MappingProxyType(
    {
        "range": {"ASSIGN-1": one_owner, "ASSIGN-2": even_by_topic, "ASSIGN-4": any_order},
        "roundrobin": {"ASSIGN-1": one_owner, "ASSIGN-2": even_where_equal, "ASSIGN-4": any_order},
        "sticky": {
            "ASSIGN-1": one_owner,
            "ASSIGN-2": even_where_equal,
            "ASSIGN-3": fewest_moves_where_equal,
            "ASSIGN-3 balanced": nothing_moves_where_balanced,
            "ASSIGN-3 again": stays_put,
            "ASSIGN-4": any_order,
        },
        "cooperative-sticky": {
            "ASSIGN-1": one_owner_at_most,
            "ASSIGN-4": any_order,
            "ASSIGN-5": given_up_first,
            "ASSIGN-5 then": withheld_only_to_move,
        },
        "server-range": {"ASSIGN-1": one_owner, "ASSIGN-2": even_by_topic, "ASSIGN-4": any_order},
        "server-uniform": {
            "ASSIGN-1": one_owner,
            "ASSIGN-2": even_where_equal,
            "ASSIGN-3 balanced": nothing_moves_where_balanced,
            "ASSIGN-3 again": stays_put,
        },
    }
)
"""What each assignor promises. Uniform goes by the order in which the group has its members, so it lacks ASSIGN-4; and
where all subscribe to the same topics it gives the odd partitions to the first members even if others had them."""
