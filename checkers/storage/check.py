"""The reference log as evidence: crashes, indexes, compaction, the start of the log, the format, and entropy."""

from __future__ import annotations

import numpy as np

from checkers.refinement.compaction import walks
from checkers.storage.batches import try_batches
from checkers.storage.crash_points import LARGE_SECTORS, SMALL_SECTORS, CrashBounds, crash_points
from checkers.storage.indexes import check_indexes
from checkers.storage.log_starts import try_log_starts
from checkers.storage.operations import Operation
from checkers.trial import TrialCheck, Tried
from model.theory.entropy import refutations
from specs.evidence import Evidence

SUBJECT = "reference_log"
APPEND, ROLL, DELETE_ALL, RETENTION = Operation.APPEND, Operation.ROLL, Operation.DELETE_ALL, Operation.RETENTION
CRASHES = (
    CrashBounds(2, medium=LARGE_SECTORS),
    CrashBounds(3, (APPEND, ROLL, Operation.TRUNCATE, Operation.COMPACT), LARGE_SECTORS),
    CrashBounds(2, (RETENTION, Operation.RESTART), LARGE_SECTORS, prepared=(APPEND, ROLL, APPEND, APPEND)),
    CrashBounds(2, (RETENTION, Operation.RESTART), LARGE_SECTORS, prepared=(APPEND, ROLL, DELETE_ALL)),
    CrashBounds(1, (RETENTION,), LARGE_SECTORS, prepared=(APPEND, ROLL, APPEND, ROLL, APPEND, APPEND)),
    CrashBounds(3, (APPEND, Operation.FETCH, Operation.TRUNCATE), LARGE_SECTORS),
    CrashBounds(2, (APPEND,), SMALL_SECTORS, afterwards=CrashBounds(1, (APPEND, Operation.ELECT, Operation.FLUSH))),
)
"""All operations; compaction and truncation of a part; retention by size, of all that there is and of several segments;
truncation at a gap; and a crash after a recovery. `pytest -m deep` has longer programs."""
SEEDS = range(20)
SYMBOLS = 20_000
SKEWED = (0.6, 0.2, 0.1, 0.05, 0.05)


def crashes_leave_a_prefix() -> Tried:
    """Power fails at every point of short programs."""
    programs = points = outcomes = images = 0
    for bounds in CRASHES:
        found = crash_points(bounds)
        programs, points = programs + found.programs, points + found.points
        outcomes, images = outcomes + found.outcomes, images + found.images
        what = f"{programs} short programs: {points:,} crash points, {outcomes:,} outcomes, {images:,} disks"
        if found.verdict != "holds":
            return Tried(what, str(found.finding or found.reason), found.verdict)
    return Tried(what)


def indexes_find_what_a_scan_finds() -> Tried:
    """All small segments."""
    found = check_indexes()
    return Tried(f"{found.lookups:,} lookups in {found.layouts} layouts", str(found.finding or ""))


def cleaned_logs_keep_to_the_spec() -> Tried:
    """Replicated logs with cleaners, in step with the spec `compaction`."""
    return in_step("compaction")


def cleaned_transactions_keep_to_the_spec() -> Tried:
    """Logs with transactions and cleaners, in step with the spec `compaction_transactions`."""
    return in_step("compaction_transactions")


def in_step(spec: str) -> Tried:
    """Walks of the implementation, one a seed."""
    found = walks(spec, SEEDS)
    wrong = "" if found.difference is None else f"seed {found.seed}:\n{found.difference}"
    removed = f"{found.removed} removed records, {found.tombstones_removed} of them tombstones or markers"
    what = f"{found.steps:,} steps of {found.count} walks with {removed}"
    if not wrong and not 0 < found.tombstones_removed < found.removed:
        return Tried(what, f"too little was cleaned to tell: {removed}", "unknown")
    return Tried(what, wrong)


def the_start_never_goes_back() -> Tried:
    """Random operations, with crashes."""
    found = try_log_starts(range(30), 60)
    return Tried(f"{found.operations:,} operations, in which it moved {found.moves} times", found.finding)


def batches_round_trip_and_flips_are_refused() -> Tried:
    """Every codec."""
    found = try_batches(20, 1)
    return Tried(f"{found.batches} batches of five codecs, and {found.flips:,} flipped bits", found.finding)


def no_codec_beats_entropy() -> Tried:
    """Symbols of a known distribution, and of the uniform one."""
    wrong = []
    for probabilities in (SKEWED, (1 / 256,) * 256):
        symbols = np.random.default_rng(1).choice(len(probabilities), SYMBOLS, p=probabilities).astype(np.uint8)
        wrong += [
            f"{found.compression.name} takes {found.bits:,} bits" for found in refutations(symbols, probabilities)
        ]
    return Tried(f"{SYMBOLS:,} symbols of each of two sources, five codecs", "; ".join(wrong))


CHECKS = (
    TrialCheck("LOG-4", "S", SUBJECT, "crashes_leave_a_prefix", crashes_leave_a_prefix),
    TrialCheck("LOG-5", "S", SUBJECT, "indexes_find_what_a_scan_finds", indexes_find_what_a_scan_finds),
    TrialCheck("LOG-6", "S", SUBJECT, "cleaned_logs_keep_to_the_spec", cleaned_logs_keep_to_the_spec),
    TrialCheck("LOG-6", "S", SUBJECT, "cleaned_transactions_keep_to_the_spec", cleaned_transactions_keep_to_the_spec),
    TrialCheck("LOG-7", "S", SUBJECT, "the_start_never_goes_back", the_start_never_goes_back),
    TrialCheck(
        "LOG-8", "S", SUBJECT, "batches_round_trip_and_flips_are_refused", batches_round_trip_and_flips_are_refused
    ),
    TrialCheck("INF-1", "M", SUBJECT, "no_codec_beats_entropy", no_codec_beats_entropy),
)


def storage_checks() -> tuple[TrialCheck, ...]:
    """All of them."""
    return CHECKS


def storage_evidence() -> tuple[Evidence, ...]:
    """What they say on guarantees."""
    return tuple(check.evidence for check in CHECKS)
