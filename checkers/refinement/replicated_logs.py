"""Two real logs with cleaners, replicated, in step with `specs.compaction`: tombstones, gaps, elections, a reader.

Real are the logs, what they append, fetch, truncate, clean and read, and how they recover. Who leads and who is in sync
is decided by the steps of the spec, and so is what the reader may do; a tick is a second.

Source: specs.compaction; Apache Kafka's AbstractFetcherThread for how a follower truncates.
Left out: as in that spec.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from checkers.refinement.compacted_replica import Replica, config, written_record
from checkers.refinement.in_step import Own
from checkers.simulate.choices import Choices
from model.log.batch import Batch, encode, peek_header, records
from model.log.partition_log import Isolation
from model.log.record import Record as LogRecord
from specs import compaction
from specs.compaction_state import State
from specs.instance import Step, at
from specs.language import NONE, Record, insert, remove

TICK_MS = 1000
FIXED_BOUNDS = {"replicas": 2, "max_leader_epoch": 3, "max_failures": 4, "retention": 2}
OFTEN = ("append", "fetch", "tick", "follow", "join_isr")
"""Actions that are tried more often than the others."""


class ReplicatedLogs:
    """Two replicas and what the spec says of them besides their logs."""

    def __init__(self, choices: Choices) -> None:
        keys, log_size = choices.between(1, 2, "keys"), choices.between(3, 6, "offsets of the log")
        self.instance = at(compaction.SPEC, keys=keys, log_size=log_size, **FIXED_BOUNDS)
        self.scheduled = (*OFTEN, *(a.name for a in self.instance.actions if a.name != "clean"))
        self.choices = choices
        self.now = 0
        keys_max = choices.between(1, keys, "keys of the offset map")
        settings = config(FIXED_BOUNDS["retention"] * TICK_MS)
        self.replicas = [Replica(settings, keys_max) for _ in range(FIXED_BOUNDS["replicas"])]
        self.epochs: list[list[int]] = [[] for _ in self.replicas]
        """The leader epoch of each offset of a log, gaps included."""
        self.written: dict[tuple[int, int], LogRecord] = {}
        """All records, by leader epoch and offset: no two of them are alike."""
        self.roles = next(s for s in self.instance.initial_states() if isinstance(s, State) and s.leader == 0)
        """The state of the spec but for the logs; those in it are not looked at."""
        self.replicas[0].log.start_epoch(0)

    # --------------------------------------------------------------------------------------------------- the operations

    def take(self, step: Step) -> None:
        """Do what a step of the spec says."""
        perform: Callable[..., None] = getattr(self, f"_{step.action}")
        perform(**dict(step.parameters))
        self._commit()

    def own(self) -> list[Own]:
        """Cleanings, which take their end from the log, and rolls."""
        current = [r for r in range(len(self.replicas)) if self._is_current(r)]
        return [self._cleaning(r) for r in current] + [
            Own(f"roll(replica={r})", partial(self.replicas[r].log.roll, self.now))
            for r in current
            if self.replicas[r].log.segments[-1].size_bytes
        ]

    def _cleaning(self, replica: int) -> Own:
        """A step of the spec; none that it sees if there is nothing to clean."""
        action = "clean" if self.replicas[replica].has_cleanable else None
        return Own(f"clean(replica={replica})", partial(self._clean, replica), action, (("replica", replica),))

    def _is_current(self, replica: int) -> bool:
        return self.roles.replicas[replica].online and self.roles.replicas[replica].epoch == self.roles.leader_epoch

    def _append(self, key: int, tombstone: int) -> None:
        leader, epoch = self.replicas[self.roles.leader], self.roles.leader_epoch
        offset = leader.log.log_end_offset
        timestamp = self.now + len(self.written)
        record = written_record(offset, f"k{key}".encode(), timestamp, is_tombstone=bool(tombstone))
        self.written[epoch, offset] = record
        leader.log.append_as_leader(encode(Batch(offset, (record,))), epoch, self.now)
        self.epochs[self.roles.leader].append(epoch)

    def _fetch(self, follower: int) -> None:
        leader = self.roles.leader
        self.replicas[follower].fetch_from(self.replicas[leader], self.now)
        end = self.replicas[follower].log.log_end_offset
        self.epochs[follower] += self.epochs[leader][len(self.epochs[follower]) : end]

    def _go_offline(self, replica: int) -> None:
        self.roles.failures += 1
        self.roles.replicas[replica].online = False
        self.roles.isr = remove(self.roles.isr, replica)
        if self.roles.leader == replica:
            self.roles.leader = NONE
        if self.roles.reader.replica == replica:
            self._end_scan()

    def _come_back(self, replica: int, disk_lost: int) -> None:
        self.roles.replicas[replica].online = True
        if disk_lost:
            self.replicas[replica].lose_disk(self.now)
            self.epochs[replica] = []
        else:
            self.replicas[replica].restart(self.choices, self.now)

    def _reload(self, replica: int) -> None:
        self.replicas[replica].restart(self.choices, self.now)
        if self.roles.leader == replica:
            self.replicas[replica].log.start_epoch(self.roles.leader_epoch)

    def _elect(self, leader: int) -> None:
        self.roles.leader_epoch += 1
        self.roles.leader = leader
        self.roles.replicas[leader].epoch = self.roles.leader_epoch
        self.replicas[leader].log.start_epoch(self.roles.leader_epoch)

    def _follow(self, replica: int) -> None:
        truncate(self.replicas[replica], self.replicas[self.roles.leader], self.now)
        self.roles.replicas[replica].epoch = self.roles.leader_epoch
        del self.epochs[replica][self.replicas[replica].log.log_end_offset :]

    def _join_isr(self, replica: int) -> None:
        self.roles.isr = insert(self.roles.isr, replica)

    def _tick(self) -> None:
        self.now += TICK_MS
        reader = self.roles.reader
        if reader.replica != NONE and reader.age == FIXED_BOUNDS["retention"] - 1:
            self._end_scan()
        elif reader.replica != NONE:
            reader.age += 1

    def _commit(self) -> None:
        """Every member of the ISR has it: so the high watermark goes on, for the logs of the current replicas, too."""
        leader = self.roles.leader
        if leader != NONE:
            members = [r for r in range(len(self.replicas)) if self.roles.isr >> r & 1]
            ends = [self.replicas[r].log.log_end_offset if self._is_current(r) else 0 for r in members]
            held = self.replicas[leader].held()
            for offset in range(self.roles.high_watermark, min(ends)):
                record = held[offset].record
                assert record is not None, "nothing above the high watermark is cleaned"
                self.roles.committed[offset].key = key_of(record)
                self.roles.committed[offset].tombstone = record.value is None
            self.roles.high_watermark = max(self.roles.high_watermark, min(ends))
        for r, replica in enumerate(self.replicas):
            if self._is_current(r):
                replica.log.advance_high_watermark(self.roles.high_watermark)

    def _clean(self, replica: int) -> None:
        elsewhere = min(other.cleaner.cleaned_to for r, other in enumerate(self.replicas) if r != replica)
        self.replicas[replica].clean(self.now, elsewhere)

    # ------------------------------------------------------------------------------------------------------- the reader

    def _end_scan(self) -> None:
        reader = self.roles.reader
        reader.replica, reader.position, reader.age = NONE, 0, 0
        for key in range(self.instance.bounds["keys"]):
            reader.seen[key] = NONE

    def _start_scan(self, replica: int) -> None:
        self.roles.reader.replica = replica

    def _stop_or_move_scan(self, replica: int) -> None:
        self._end_scan()
        self.roles.reader.replica = replica

    def _scan(self) -> None:
        reader = self.roles.reader
        log = self.replicas[reader.replica].log
        batches = log.read(reader.position, 1, Isolation.HIGH_WATERMARK)
        if not batches:
            reader.position = log.high_watermark
            return
        for record in records(batches[0]):
            reader.seen[key_of(record)] = NONE if record.value is None else record.offset
        reader.position = peek_header(batches[0]).next_offset

    # ------------------------------------------------------------------------------------------------------ the mapping

    def state(self) -> Record:
        """The roles with the logs as they are."""
        state = self.instance.struct.stored(self.roles, "state")
        assert isinstance(state, State)
        for r, replica in enumerate(self.replicas):
            log, cleaned_to, held = state.replicas[r], replica.cleaner.cleaned_to, replica.held()
            log.log_end_offset = replica.log.log_end_offset
            log.cleaned_to = cleaned_to
            for offset in range(replica.log.log_end_offset):
                entry = log.entries[offset]
                entry.epoch = self.epochs[r][offset]
                entry.batch = offset in held
                record = held[offset].record if offset in held else None
                if record is not None:
                    entry.key, entry.tombstone = key_of(record), record.value is None
                    horizon = held[offset].header.delete_horizon_ms
                    if horizon is not None and offset < cleaned_to:
                        entry.horizon = max(0, horizon - self.now) // TICK_MS
        return state

    def complaint(self, state: Record) -> str | None:
        """A batch of another leader epoch, or with another record, than was written."""
        assert isinstance(state, State)
        for r, replica in enumerate(self.replicas):
            for offset, batch in replica.held().items():
                epoch = self.epochs[r][offset]
                if batch.header.leader_epoch != epoch:
                    return f"replica {r} has epoch {batch.header.leader_epoch} at {offset}, not {epoch}"
                if batch.record not in {None, self.written[epoch, offset]}:
                    return f"replica {r} has {batch.record}, not {self.written[epoch, offset]}"
        return None


def key_of(record: LogRecord) -> int:
    """The number of a record's key."""
    assert record.key is not None
    return int(record.key[1:])


def truncate(follower: Replica, leader: Replica, now: int) -> None:
    """Cut a follower's log to what it shares with the leader's, asking for one epoch after the other (KIP-279)."""
    log = follower.log
    while log.epochs.latest is not None:
        answer = leader.log.end_offset_for_epoch(log.epochs.latest)
        assert answer is not None, "a leader's epoch is later than all others"
        own = log.end_offset_for_epoch(answer.epoch)
        if own is None or own.epoch == answer.epoch:
            log.truncate_to(answer.end_offset if own is None else min(own.end_offset, answer.end_offset), now)
            return
        log.truncate_to(own.end_offset, now)
