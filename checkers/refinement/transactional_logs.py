"""Two real logs with cleaners and transactions, in step with `specs.compaction_transactions`.

Real are the logs, their producers' state, their indexes of aborted transactions, cleaning and recovery, which the spec
does not see: a restart must change nothing. Besides the state, what a consumer of committed records gets of a replica
must be what the spec says it holds for committed.

Source: specs.compaction_transactions.
Left out: as in that spec.
"""

from __future__ import annotations

from functools import partial

from checkers.refinement.compacted_replica import Replica, config, written_record
from checkers.refinement.in_step import Own
from checkers.simulate.choices import Choices
from model.log.batch import Batch, Producer, encode
from model.log.control import ControlType, EndTransaction, encode_control
from model.log.record import Record as LogRecord
from specs import compaction_transactions
from specs.compaction_transactions_state import ABORT, COMMIT, DATA, State, is_data, last_stable_offset_at, outcome_at
from specs.instance import Step, at
from specs.language import NONE, Record, contains, insert

BOUNDS = {"replicas": 2, "producers": 2, "keys": 2, "log_size": 8, "segment_records": 2, "max_failures": 4}
OFTEN = ("write", "write", "end_transaction", "end_transaction", "fetch", "fetch")
"""Actions that are tried more often than the others."""


class TransactionalLogs:
    """Two replicas and what was written to them."""

    def __init__(self, choices: Choices) -> None:
        self.instance = at(compaction_transactions.SPEC, **BOUNDS)
        self.scheduled = (*OFTEN, *(a.name for a in self.instance.actions if a.name != "clean"))
        self.choices = choices
        keys_max = choices.between(1, BOUNDS["keys"], "keys of the offset map")
        self.replicas = [Replica(config(delete_retention_ms=0), keys_max) for _ in range(BOUNDS["replicas"])]
        self.sequences = [0] * BOUNDS["producers"]
        self.written: list[LogRecord] = []
        """All records, by offset."""
        state = next(iter(self.instance.initial_states()))
        assert isinstance(state, State)
        self.roles = state
        """The state of the spec but for the logs; those in it are not looked at."""

    # --------------------------------------------------------------------------------------------------- the operations

    def take(self, step: Step) -> None:
        """Do what a step of the spec says."""
        given = dict(step.parameters)
        if step.action == "write":
            self._write(given["producer"], given["key"])
        elif step.action == "end_transaction":
            self._end_transaction(given["producer"], committed=bool(given["committed"]))
        elif step.action == "fall_behind":
            self.roles.failures += 1
            self.roles.replicas[given["replica"]].in_sync = False
        else:
            assert step.action == "fetch", step
            self._fetch(given["follower"], given["leader"])

    def own(self) -> list[Own]:
        """Cleanings, which take their end from the log; rolls; crashes."""
        found = list[Own]()
        for r, replica in enumerate(self.replicas):
            action = "clean" if replica.has_cleanable else None
            found.append(Own(f"clean(replica={r})", partial(self._clean, r), action, (("replica", r),)))
            found.append(Own(f"restart(replica={r})", partial(self._restart, r)))
            if replica.log.segments[-1].size_bytes:
                found.append(Own(f"roll(replica={r})", partial(replica.log.roll, 0)))
        return found

    def _in_sync(self) -> list[Replica]:
        return [replica for r, replica in enumerate(self.replicas) if self.roles.replicas[r].in_sync]

    def _append(self, batch: Batch) -> None:
        """Append at the first replica in sync, from which the others fetch at once."""
        self.written += batch.records
        leader, *followers = self._in_sync()
        leader.log.append_as_leader(encode(batch), 0, 0)
        for follower in followers:
            follower.fetch_from(leader, 0)
        for replica in (leader, *followers):
            replica.log.advance_high_watermark(replica.log.log_end_offset)

    def _note(self, kind: int, producer: int, key: int) -> None:
        written = self.roles.written[self.roles.log_end_offset]
        written.kind, written.producer, written.key = kind, producer, key
        self.roles.log_end_offset += 1

    def _write(self, producer: int, key: int) -> None:
        offset = self.roles.log_end_offset
        records = (written_record(offset, key_bytes(key), offset),)
        if producer == NONE:
            self._append(Batch(offset, records))
        else:
            sender = Producer(producer, 0, self.sequences[producer])
            self._append(Batch(offset, records, producer=sender, is_transactional=True))
            self.sequences[producer] += 1
        self._note(DATA, producer, key)

    def _end_transaction(self, producer: int, *, committed: bool) -> None:
        type_ = ControlType.COMMIT if committed else ControlType.ABORT
        key, value = encode_control(EndTransaction(type_, 0))
        offset = self.roles.log_end_offset
        sender, records = Producer(producer, 0, -1), (LogRecord(offset, offset, key, value),)
        self._append(Batch(offset, records, producer=sender, is_transactional=True, is_control=True))
        self._note(COMMIT if committed else ABORT, producer, NONE)

    def _fetch(self, follower: int, leader: int) -> None:
        log = self.replicas[follower].log
        if log.log_end_offset == self.roles.log_end_offset:
            self.roles.replicas[follower].in_sync = True
        self.replicas[follower].fetch_from(self.replicas[leader], 0)
        log.advance_high_watermark(log.log_end_offset)

    def _clean(self, replica: int) -> None:
        elsewhere = min(other.cleaner.cleaned_to for r, other in enumerate(self.replicas) if r != replica)
        self.replicas[replica].clean(0, elsewhere)

    def _restart(self, replica: int) -> None:
        self.replicas[replica].restart(self.choices, 0)
        log = self.replicas[replica].log
        log.advance_high_watermark(log.log_end_offset)

    # ------------------------------------------------------------------------------------------------------ the mapping

    def state(self) -> Record:
        """What was written, with the logs as they are."""
        state = self.instance.struct.stored(self.roles, "state")
        assert isinstance(state, State)
        for r, replica in enumerate(self.replicas):
            log = state.replicas[r]
            log.log_end_offset = replica.log.log_end_offset
            log.cleaned_to = replica.cleaner.cleaned_to
            for offset, held in replica.held().items():
                log.batches = insert(log.batches, offset)
                if held.record is not None:
                    log.records = insert(log.records, offset)
                    if held.header.is_control and held.header.has_delete_horizon and offset < log.cleaned_to:
                        log.with_horizon = insert(log.with_horizon, offset)
        return state

    def complaint(self, state: Record) -> str | None:
        """A replica that holds another record than was written, or tells readers what is not stable or committed."""
        assert isinstance(state, State)
        for r, replica in enumerate(self.replicas):
            for offset, held in replica.held().items():
                if held.record not in {None, self.written[offset]}:
                    return f"replica {r} has {held.record}, not {self.written[offset]}"
            end = self.instance.rebind(last_stable_offset_at)(state, r)
            if replica.log.last_stable_offset != end:
                return f"replica {r} has the last stable offset {replica.log.last_stable_offset}, not {end}"
            offsets = {o for o in range(end) if self._is_committed(state, r, o)}
            if replica.committed_offsets() != offsets:
                return (
                    f"readers get offsets {sorted(replica.committed_offsets())} of replica {r}, not {sorted(offsets)}"
                )
        return None

    def _is_committed(self, state: State, replica: int, offset: int) -> bool:
        is_there = contains(state.replicas[replica].records, offset) and is_data(state, offset)
        return is_there and self.instance.rebind(outcome_at)(state, replica, offset) == COMMIT


def key_bytes(key: int) -> bytes:
    """A record's key; the first one is that of COMMIT markers, too."""
    return encode_control(EndTransaction(ControlType.COMMIT, 0))[0] if key == 0 else f"k{key}".encode()
