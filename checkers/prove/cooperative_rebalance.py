"""The proof of cooperative rebalances: no partition is handed over before it is given up.

The invariant is `specs.cooperative_rebalance_induction`'s. Each ablation of `specs.cooperative_rebalance` must break
the proof; where it does is written down below, so that a control asks just for that.
"""

from __future__ import annotations

from functools import partial

from checkers.clock import now
from checkers.prove.induction import Invariant
from checkers.prove.proof import Proof, Proved
from checkers.prove.sections import Task, carried_out_in_parallel, control_of, proved
from specs import cooperative_rebalance
from specs.cooperative_rebalance_induction import CONJUNCTS, UNBOUNDED
from specs.instance import FIXED, at

MEMBERS, PARTITIONS, PARTITIONS_DEEP = 3, 2, 3
BREAKS = {
    "assigned_at_once": ("leader_assign", "assigned_is_free"),
    "stale_assignment_taken": ("join", "joined_await_no_assignment"),
    "claims_what_was_assigned": ("join", "claims_are_true"),
    "expelled_keeps_partitions": ("join", "one_owner"),
}
"""The section and the obligation that each ablation breaks, already with two members and one partition."""


def handovers(variant: str, members: int, partitions: int) -> Invariant:
    """Every promise of the spec, for any number of rebalances."""
    instance = at(cooperative_rebalance.SPEC, variant, members=members, partitions=partitions)
    return Invariant(instance, CONJUNCTS, (), cooperative_rebalance.SPEC.step_properties, UNBOUNDED)


def prove_handovers(*, deep: bool) -> Proved:
    """Every section, with every ablation; deep, with a partition more."""
    started = now()
    build = partial(handovers, FIXED, MEMBERS, PARTITIONS_DEEP if deep else PARTITIONS)
    tasks = [Task(build, section) for section in build().sections]
    controls = [Task(partial(handovers, name, 2, 1), section, (goal,)) for name, (section, goal) in BREAKS.items()]
    summaries = carried_out_in_parallel([*tasks, *controls])
    found = tuple(control_of(name, s) for name, s in zip(BREAKS, summaries[len(tasks) :], strict=True))
    return proved(summaries[: len(tasks)], found, started)


PROOFS = (
    Proof(
        "cooperative_rebalance",
        ("ASSIGN-5",),
        "No partition goes to a member while another one owns it, whatever the leader picks and whoever comes or goes.",
        {"members": MEMBERS, "partitions": PARTITIONS, "generations": "any"},
        prove_handovers,
        bounds_deep={"partitions": PARTITIONS_DEEP},
    ),
)
