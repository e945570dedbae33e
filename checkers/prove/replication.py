"""The proofs of ISR replication: one leader an epoch, the prefix property of logs, and that nothing committed is lost.

The invariant is `specs.replication_induction`'s. Of LOG-3 it has the first half, a conjunct: logs that hold a record of
one epoch at an offset agree up to it. Each ablation of `specs.replication` must break the proof, but for one, and so
must each historic version; the conjunct that it breaks is written down below, so that a control asks just for that.

Left out: the second half of LOG-3, that replicas agree below the lowest high watermark. What is committed is on every
member of the true ISR; from that it follows while there is a member, but the controller may take out the last one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from checkers.clock import now
from checkers.prove.induction import INITIAL, SAFETY, Invariant
from checkers.prove.proof import Proof, Proved
from checkers.prove.sections import Task, carried_out_in_parallel, control_of, proved
from specs import replication, replication_induction
from specs import replication_first_try as first_try
from specs.instance import FIXED, at
from specs.language import Variant, action
from specs.replication_properties import high_watermark_never_regresses, one_leader_an_epoch, strong_isr
from specs.replication_state import EPOCH, REPLICA, State

UNBOUNDED = ("max_records", "max_leader_epoch")
REPLICAS = 3


@action(leader=REPLICA, epoch=EPOCH)
def anyone_becomes_leader(s: State, leader: int, epoch: int) -> bool:
    """`become_leader` without a look at whom the request names: what breaks one leader an epoch."""
    replica = s.replicas[leader]
    if epoch >= s.next_leader_epoch or epoch <= replica.leader_epoch:
        return False
    replica.leader_epoch = epoch
    replica.leader = leader
    replica.isr = s.requests[epoch].isr
    return True


UNNAMED_LEADERS = replace(
    replication_induction.SPEC,
    actions=tuple(
        anyone_becomes_leader if a is replication.become_leader else a for a in replication_induction.SPEC.actions
    ),
)


@action(leader=REPLICA)
def first_try_advances(s: replication_induction.StateWithHistory, leader: int) -> bool:
    """The advance of a high watermark in the first design of KIP-320; its epoch is written down."""
    if not first_try.leader_advance_high_watermark(s, leader):
        return False
    s.commit_epoch = s.replicas[leader].leader_epoch
    return True


ADVANCES = {replication.leader_advance_high_watermark: replication_induction.leader_advance_high_watermark}
FIRST_TRY_ADVANCES = {first_try.leader_advance_high_watermark: first_try_advances}


def with_history(version: Variant) -> Variant:
    """A historic version as one of the spec that has the history variable."""
    replaces = ((ADVANCES.get(a, a), FIRST_TRY_ADVANCES.get(b, b)) for a, b in version.replaces)
    return replace(version, replaces=tuple(replaces), expects=())


WITH_VERSIONS = replace(
    replication_induction.SPEC, variants=tuple(with_history(version) for version in replication.VERSIONS)
)


def elections(log_size: int) -> Invariant:
    """One leader an epoch, from few conjuncts."""
    instance = at(replication_induction.SPEC, replicas=REPLICAS, log_size=log_size)
    conjuncts = replication_induction.ELECTION_CONJUNCTS
    return Invariant(instance, conjuncts, (one_leader_an_epoch,), (), UNBOUNDED)


def unnamed_leaders() -> Invariant:
    """The same of the spec in which a request's leader is not looked at."""
    return replace(elections(1), instance=at(UNNAMED_LEADERS, replicas=2, log_size=1))


def replicated(variant: str, replicas: int, log_size: int) -> Invariant:
    """Nothing committed is lost, no leader takes its high watermark back, and records identify the log before them."""
    instance = at(WITH_VERSIONS, variant, replicas=replicas, log_size=log_size)
    safety = (strong_isr, one_leader_an_epoch, replication_induction.records_identify_prefixes)
    return Invariant(instance, replication_induction.CONJUNCTS, safety, (high_watermark_never_regresses,), UNBOUNDED)


@dataclass(frozen=True, slots=True)
class Breaks:
    """What a variant breaks of the proof, an ablation or a historic version, and small sizes at which it does."""

    variant: str
    section: str
    goal: str
    replicas: int = 2
    log_size: int = 1

    @property
    def task(self) -> Task:
        """The one question whose answer must be a counterexample."""
        return Task(partial(replicated, self.variant, self.replicas, self.log_size), self.section, (self.goal,))


BREAKS = (
    Breaks("unfenced_fetch", "follower_fetch", "records_have_writers"),
    Breaks("unfenced_isr_expand", "leader_expand_isr", "members_reached_commits"),
    Breaks("unfenced_truncation_lookup", "become_follower", "leaders_come_first"),
    Breaks("isr_join_at_lagging_high_watermark", "leader_expand_isr", "leader_completeness", 3),
    Breaks("unfenced_high_watermark_advance", "leader_advance_high_watermark", "members_reached_commits", 3),
    Breaks("truncate_to_own_high_watermark", "become_follower", "follower_prefix"),
    Breaks("no_truncation_for_same_leader", "become_follower", "follower_prefix"),
    Breaks("kip_101_lookup", "become_follower", "follower_prefix", log_size=2),
    Breaks("undefined_epoch_uses_high_watermark", "become_follower", "follower_prefix", log_size=2),
    Breaks("single_round_lookup", "become_follower", "follower_prefix", log_size=2),
    Breaks("truncate_to_high_watermark", "become_follower", "follower_prefix"),
    Breaks("kip_101", "become_follower", "follower_prefix", log_size=2),
    Breaks("kip_279", "follower_fetch", "records_have_writers"),
    Breaks("kip_320_first_try", "become_follower", "follower_prefix"),
)
"""All versions, and all ablations but `unfenced_isr_shrink`: the proof stands without that guard."""


def prove_elections(*, deep: bool) -> Proved:
    """At the full size in either case."""
    del deep
    started = now()
    invariant = elections(3)
    summaries = carried_out_in_parallel(
        [
            *(Task(partial(elections, 3), section) for section in invariant.sections),
            Task(unnamed_leaders, anyone_becomes_leader.__name__, ("replicas_obey_requests",)),
        ]
    )
    controls = (control_of(anyone_becomes_leader.__name__, summaries.pop()),)
    return proved(summaries, controls, started)


def prove_replication(log_size: int, *, deep: bool) -> Proved:
    """Every section; deep, with every ablation and every version."""
    started = now()
    breaks = BREAKS if deep else BREAKS[:3]
    build = partial(replicated, FIXED, REPLICAS, log_size)
    sections = sorted(build().sections, key=lambda name: name in (INITIAL, SAFETY))
    tasks = [Task(build, section) for section in reversed(sections)]
    summaries = carried_out_in_parallel([*tasks, *(one.task for one in breaks)])
    controls = tuple(control_of(one.variant, s) for one, s in zip(breaks, summaries[len(tasks) :], strict=True))
    return proved(summaries[: len(tasks)], controls, started)


PROOFS = (
    Proof(
        "replication_elections",
        ("REP-7",),
        "No two replicas presume leadership in the same epoch.",
        {"replicas": REPLICAS, "log_size": 3, "max_records": "any", "max_leader_epoch": "any", "steps": "any"},
        prove_elections,
    ),
    Proof(
        "replication",
        ("REP-1", "REP-2", "REP-3", "LOG-3"),
        "Every record below a high watermark is on every member of the true ISR, if there is one, and stays there; "
        "logs that hold a record of one epoch at an offset agree up to it (the first half of LOG-3).",
        {"replicas": REPLICAS, "log_size": 1, "max_records": "any", "max_leader_epoch": "any", "steps": "any"},
        partial(prove_replication, 1),
    ),
    Proof(
        "replication_log_of_3",
        ("REP-1", "REP-2", "REP-3", "LOG-3"),
        "The same with logs of three records.",
        {"replicas": REPLICAS, "log_size": 3, "max_records": "any", "max_leader_epoch": "any", "steps": "any"},
        partial(prove_replication, 3),
        deep_only=True,
    ),
)
