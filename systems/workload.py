"""What a recording asks for: its configuration, drawn from a seed where it is not given, so that runs differ in kind.

Source: the options of jepsen.tests.kafka; swarm testing (Groce et al., 2012): what is left out matters as much.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

import numpy as np

from checkers.verdict import UserError
from systems.system import Acks, Isolation, key_of

N = TypeVar("N", int, float)
Draw = Callable[[np.random.Generator], object]


@dataclass(frozen=True, slots=True)
class Workload:
    """A configuration. Shares are between 0 and 1, of what the name says."""

    seed: int
    operations: int
    clients: int
    topics: int
    partitions: int
    replication: int
    min_insync_replicas: int
    acks: Acks
    idempotent: bool
    retries: int
    isolation: Isolation
    transactional_share: float  # of the clients
    subscribe_share: float  # of the clients; the others assign
    abort_share: float  # of the transactions
    poll_share: float  # of the operations, or of the micro-operations of a transaction
    offsets_share: float  # of the transactions that poll: send the group's offsets with them
    position_share: float  # of the operations: assign or subscribe, commit, fetch, end_offset
    crash_share: float  # of the operations: the client is closed, and a new one takes its place
    micro_operations_max: int
    poll_records_max: int
    poll_milliseconds: int
    pause_milliseconds_max: int
    timeout_seconds: float
    faults: int
    fault_kinds: str  # separated by commas
    fault_seconds: float

    @property
    def topic_names(self) -> tuple[str, ...]:
        """The topics."""
        return tuple(f"t{number}" for number in range(self.topics))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys: every partition of every topic."""
        return tuple(key_of(name, number) for name in self.topic_names for number in range(self.partitions))

    def as_json(self) -> dict[str, object]:
        """Every setting by its name."""
        return asdict(self)


def one_of(*choices: object) -> Draw:
    """One of these."""
    return lambda rng: choices[int(rng.integers(len(choices)))]


DRAWN: Mapping[str, Draw] = {
    "clients": one_of(3, 4, 5, 6, 8),
    "topics": one_of(1, 2, 3),
    "partitions": one_of(1, 2, 3, 4),
    "replication": one_of(1),
    "min_insync_replicas": one_of(1),
    "acks": one_of("all"),
    "idempotent": lambda _: True,
    "retries": one_of(0),
    "isolation": one_of("read_committed"),
    "transactional_share": one_of(0.0, 0.5, 0.5, 1.0),
    "subscribe_share": one_of(0.0, 0.0, 0.5, 1.0),
    "abort_share": one_of(0.05, 0.2, 0.4),
    "poll_share": one_of(0.3, 0.5, 0.6),
    "offsets_share": one_of(0.0, 0.5, 1.0),
    "position_share": one_of(0.02, 0.05),
    "crash_share": one_of(0.0, 0.002, 0.01),
    "micro_operations_max": one_of(1, 2, 4, 8),
    "poll_records_max": one_of(1, 8, 64, 500),
    "poll_milliseconds": one_of(10, 50),
    "pause_milliseconds_max": one_of(0),
    "timeout_seconds": one_of(5.0),
    "faults": one_of(4),
    "fault_kinds": one_of("all"),
    "fault_seconds": one_of(4.0),
}
"""How what is not given is drawn, in this order. What a system can't do or a promise hangs on is not left to chance."""

LIMITS: Mapping[str, tuple[float, float]] = {
    "seed": (0, 2**63 - 1),
    "operations": (1, 10_000_000),
    "clients": (1, 64),
    "topics": (1, 100),
    "partitions": (1, 100),
    "replication": (1, 9),
    "min_insync_replicas": (1, 9),
    "retries": (0, 1_000),
    "micro_operations_max": (1, 100),
    "poll_records_max": (1, 10_000),
    "poll_milliseconds": (0, 10_000),
    "pause_milliseconds_max": (0, 10_000),
    "timeout_seconds": (1, 300),
    "faults": (0, 1_000),
    "fault_seconds": (0, 300),
}
CHOICES: Mapping[str, Sequence[str]] = {
    "acks": ("0", "1", "all"),
    "isolation": ("read_committed", "read_uncommitted"),
}


def draw_workload(seed: int, operations: int, given: Mapping[str, object], kinds: Sequence[str] = ()) -> Workload:
    """The configuration of a seed. What is given replaces what is drawn and changes nothing else.

    `given` has the settings' values, or their texts; `kinds` are the faults that the system takes. Raises UserError for
    a setting that there is none of, or that can't have the value.
    """
    own = dict(given)
    names = [entry.name for entry in fields(Workload)]
    for name in own:
        if name not in DRAWN:
            raise UserError(f"--set {name}: there is no such setting; there are {', '.join(DRAWN)}")
    rng = np.random.default_rng([0, _checked("seed", seed)])
    settings: dict[str, object] = {"seed": seed, "operations": _checked("operations", operations)}
    settings |= {name: draw(rng) for name, draw in DRAWN.items()}
    settings |= {name: _parsed(name, value, type(settings[name])) for name, value in own.items()}
    settings["fault_kinds"] = _kinds(str(settings["fault_kinds"]), kinds)
    if not settings["fault_kinds"]:
        settings["faults"] = 0
    return Workload(**{name: settings[name] for name in names})  # type: ignore[arg-type]


def _parsed(name: str, value: object, kind: type) -> object:
    """A setting from its text, of the kind of its drawn value."""
    text = str(value)
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise UserError(f"--set {name}={text}: must be true or false")
        return text.lower() == "true"
    if kind is str:
        if name in CHOICES and text not in CHOICES[name]:
            raise UserError(f"--set {name}={text}: must be one of {', '.join(CHOICES[name])}")
        return text
    try:
        number = kind(text)
    except ValueError:
        raise UserError(f"--set {name}={text}: must be {'an integer' if kind is int else 'a number'}") from None
    return _checked(name, number)


def _checked(name: str, number: N) -> N:
    low, high = LIMITS.get(name, (0, 1))
    if not low <= number <= high:
        raise UserError(f"{name} = {number}: must be from {low} to {high}")
    return number


def _kinds(text: str, kinds: Sequence[str]) -> str:
    """The kinds of fault that are asked for."""
    if text == "all":
        return ",".join(kinds)
    for kind in text.split(",") if text else ():
        if kind not in kinds:
            raise UserError(
                f"--set fault_kinds={text}: the system takes no {kind!r}; it takes {', '.join(kinds) or 'none'}"
            )
    return text


def shown(workload: Workload) -> str:
    """Every setting, as it would be given."""
    return "\n".join(
        f"  {name} = {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in workload.as_json().items()
    )
