"""A system in memory, right unless told otherwise: what the recorder is tried on, and what it must show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from threading import RLock

from systems.system import Client, ClientSettings, OutcomeUnknown, Record, Refused, Sent, Topics

Entry = tuple[int, str | None]
"""A value, and the name of the open transaction that it is of."""


class ToyLog:
    """See `systems.system.System`. Misbehaves at each tenth send, or at each commit, as `flaw` says."""

    name = "toy"
    faults: Sequence[str] = ("kill",)

    def __init__(self, flaw: str = "none") -> None:
        self.flaw = flaw
        self.lock = RLock()
        self.logs: dict[str, list[Entry | None]] = defaultdict(list)  # None is an aborted record
        self.committed: dict[tuple[str, str], int] = {}
        self.sends = 0
        self.down = False
        self.started = 0
        self.said: list[str] = []

    def start(self) -> None:
        """Count it."""
        self.started += 1

    def stop(self) -> None:
        """Count it."""
        self.started -= 1

    def prepare(self, topics: Topics) -> None:
        """Any topics do."""
        assert topics.partitions > 0

    def client(self, settings: ClientSettings) -> Client:
        """A client, unless it is down."""
        if self.down:
            raise OutcomeUnknown("down")
        return ToyClient(self, settings)

    def inject(self, fault: str, key: str) -> str:
        """Go down, whatever the fault."""
        self.down = True
        self.said.append(fault)
        return f"{fault} at {key}"

    def heal(self) -> None:
        """Come back."""
        self.down = False
        self.said.append("heal")


class ToyClient:
    """See `systems.system.Client`."""

    def __init__(self, system: ToyLog, settings: ClientSettings) -> None:
        self.system = system
        self.settings = settings
        self.at: dict[str, int] = {}
        self.offsets: Mapping[str, int] = {}
        self.open = False

    def send(self, records: Sequence[tuple[str, int]]) -> list[Sent]:
        """Append each."""
        return [self.send_one(key, value) for key, value in records]

    def send_one(self, key: str, value: int) -> Sent:
        """Append one record, or do what the flaw is."""
        system = self.system
        with system.lock:
            if system.down:
                return Sent("info", error="_MSG_TIMED_OUT")
            system.sends += 1
            log, odd = system.logs[key], system.sends % 10 == 0
            entry = (value, self.settings.name if self.open else None)
            if odd and system.flaw == "refuses":
                return Sent("fail", error="MSG_SIZE_TOO_LARGE")
            if odd and system.flaw == "lost write":
                log.append(None)
            else:
                log.append(entry)
            if odd and system.flaw == "duplicate":
                log.append(entry)
            if odd and system.flaw == "lands late":
                return Sent("info", error="_MSG_TIMED_OUT")
            return Sent("ok", len(log) - 1)

    def begin(self) -> None:
        """Begin."""
        if self.system.down:
            raise Refused("down")
        self.open = True

    def send_offsets(self, positions: Mapping[str, int]) -> None:
        """Keep them for the commit."""
        self.offsets = positions

    def commit_transaction(self) -> None:
        """Make what was sent visible."""
        if self.system.flaw == "unknown commit":
            raise OutcomeUnknown("_TIMED_OUT")
        self.end(committed=True)

    def abort_transaction(self) -> None:
        """Make what was sent disappear."""
        if self.system.flaw == "no abort":
            raise OutcomeUnknown("_TIMED_OUT")
        self.end(committed=self.system.flaw == "aborted read")

    def end(self, *, committed: bool) -> None:
        """Settle every record of the open transaction."""
        with self.system.lock:
            for log in self.system.logs.values():
                for offset, entry in enumerate(log):
                    if entry is not None and entry[1] == self.settings.name:
                        log[offset] = (entry[0], None) if committed else None
        if committed:
            self.commit(self.offsets)
        self.open, self.offsets = False, {}

    def poll(self, seconds: float) -> list[Record]:  # noqa: ARG002 - never waits
        """All that is there, up to the first record of an open transaction."""
        found: list[Record] = []
        with self.system.lock:
            if self.system.down:
                raise Refused("down")
            for key, position in self.at.items():
                for offset, entry in enumerate(self.system.logs[key][position:], position):
                    if entry is not None and entry[1] is not None:
                        break
                    if entry is not None:
                        found.append(Record(key, offset, entry[0]))
                    self.at[key] = offset + 1
        return found

    def positions(self) -> Mapping[str, int]:
        """Of each key that is assigned."""
        return dict(self.at)

    def rewind(self, positions: Mapping[str, int]) -> None:
        """Go back."""
        self.at |= positions

    def assign(self, positions: Mapping[str, int]) -> None:
        """Replace what is assigned."""
        self.at = dict(positions)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Refused: it has no groups."""
        raise Refused(f"no groups: {topics}")

    def commit(self, positions: Mapping[str, int]) -> None:
        """Keep the group's positions."""
        self.system.committed |= {(self.settings.group, key): at for key, at in positions.items()}

    def committed(self, keys: Sequence[str]) -> Mapping[str, int | None]:
        """The group's positions."""
        return {key: self.system.committed.get((self.settings.group, key)) for key in keys}

    def end_offsets(self, keys: Sequence[str]) -> Mapping[str, int]:
        """The lengths of the logs."""
        return {key: len(self.system.logs[key]) for key in keys}

    def close(self) -> None:
        """Abort what is open."""
        if self.open:
            self.end(committed=False)
