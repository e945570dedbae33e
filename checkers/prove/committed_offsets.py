"""The proof of committed offsets: fencing, what either client discipline promises, and expiry.

The invariant is `specs.offsets_induction`'s. Each ablation of `specs.offsets` must break the proof; where it does is
written down below, so that a control asks just for that.
"""

from __future__ import annotations

from functools import partial

from checkers.clock import now
from checkers.prove.induction import Invariant
from checkers.prove.proof import Proof, Proved
from checkers.prove.sections import Task, carried_out_in_parallel, control_of, proved
from specs import offsets
from specs.instance import FIXED, at
from specs.offsets_induction import CONJUNCTS, SAFETY, UNBOUNDED

SIZE, SIZE_DEEP = 2, 3
"""Members and brokers."""
BREAKS = {
    "unfenced_commit": ("take_commit", "fenced_commits_change_nothing"),
    "late_unload": ("unload", "coordinator_knows_the_log"),
    "load_keeps_stale_cache": ("load", "coordinator_knows_the_log"),
    "expiry_while_rebalancing": ("expire_offset", "offsets_expire_only_when_empty_and_old"),
    "empty_since_lost_on_load": ("load", "coordinator_knows_the_log"),
    "processing_while_revoking": ("process", "request_is_of_the_phase"),
    "commit_of_prefetched_records": ("send_commit", "at_least_once_commits_what_is_processed"),
}
"""The section and the obligation that each ablation breaks."""


def committed_offsets(variant: str, size: int) -> Invariant:
    """Every promise of the spec, at so many members and as many brokers."""
    instance = at(offsets.SPEC, variant, members=size, brokers=size)
    return Invariant(instance, CONJUNCTS, SAFETY, offsets.SPEC.step_properties, UNBOUNDED)


def prove_committed_offsets(*, deep: bool) -> Proved:
    """Two members and two brokers by default; deep, three of each, and every ablation."""
    started = now()
    build = partial(committed_offsets, FIXED, SIZE_DEEP if deep else SIZE)
    tasks = [Task(build, section) for section in build().sections]
    ablations = [*BREAKS] if deep else ["unfenced_commit", "expiry_while_rebalancing", "late_unload"]
    controls = [Task(partial(committed_offsets, a, SIZE), BREAKS[a][0], (BREAKS[a][1],)) for a in ablations]
    summaries = carried_out_in_parallel([*tasks, *controls])
    found = tuple(control_of(a, s) for a, s in zip(ablations, summaries[len(tasks) :], strict=True))
    return proved(summaries[: len(tasks)], found, started)


PROOFS = (
    Proof(
        "committed_offsets",
        ("OFF-1", "OFF-2", "OFF-3"),
        "Fenced commits change nothing, committed offsets survive fail-over and never go back, neither discipline "
        "breaks its promise, and offsets expire only from empty groups.",
        {"members": SIZE, "brokers": SIZE, **dict.fromkeys(UNBOUNDED, "any"), "steps": "any"},
        prove_committed_offsets,
        bounds_deep={"members": SIZE_DEEP, "brokers": SIZE_DEEP},
    ),
)
