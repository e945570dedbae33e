"""How fast histories are read and how much memory that takes: `pytest -m deep -o addopts= --benchmark-only`.

A history is written to a file and read by a process of its own, whose highest memory Linux tells.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PROCESSES, KEYS = 20, 100
READ = """
import re, resource, sys
from pathlib import Path
from checkers.history.format import read_history
history = read_history(Path(sys.argv[1]))
used = resource.getrusage(resource.RUSAGE_SELF)
memory = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())
print(len(history), len(history.kind), memory[1], used.ru_utime + used.ru_stime)
"""


def sends(events: int) -> Iterator[str]:
    """Sends of integers by 20 processes at a time."""
    head = '{"index": %d, "time": %d, "process": %d, "type": "%s", "f": "send", "value": [["send", %d, %s]]}\n'
    for number in range(events):
        round_, step = divmod(number, 2 * PROCESSES)
        completes, process = divmod(step, PROCESSES)
        value = round_ * PROCESSES + process
        content = f"[{value // KEYS}, {value}]" if completes else str(value)
        yield head % (number, number * 997, process, "ok" if completes else "invoke", value % KEYS, content)


def polls(events: int) -> Iterator[str]:
    """Polls of five records each."""
    for number in range(events):
        process, base = number // 2 % PROCESSES, number // 2 // KEYS * 5
        head = f'{{"index": {number}, "process": {process}, "f": "poll", '
        if number % 2:
            records = ", ".join(f"[{base + record}, {base + record}]" for record in range(5))
            yield head + f'"type": "ok", "value": [["poll", {{"{number // 2 % KEYS}": [{records}]}}]]}}\n'
        else:
            yield head + '"type": "invoke", "value": [["poll"]]}\n'


def puts(events: int) -> Iterator[str]:
    """Puts and gets of strings by key."""
    for number in range(events):
        process, key, function = number // 2 % PROCESSES, number // 2 % KEYS, ("put", "get")[number // 2 % 2]
        value = f'"x {number // 4} y"' if number % 2 or function == "put" else "null"
        kind = "ok" if number % 2 else "invoke"
        yield f'{{"process": {process}, "type": "{kind}", "f": "{function}", "key": "k{key}", "value": {value}}}\n'


def fields(events: int) -> Iterator[str]:
    """Sends that are read one by one, because each has another field."""
    return (line.replace('"f"', '"group": "g", "f"') for line in sends(events))


def edn(events: int) -> Iterator[str]:
    """Sends in Jepsen's EDN."""
    head = "{:index %d, :time %d, :process %d, :type :%s, :f :send, :value [[:send %d %s]]}\n"
    for number in range(events):
        process, value = number // 2 % PROCESSES, number // 2
        content = f"[{value // KEYS} {value}]" if number % 2 else str(value)
        yield head % (number, number * 997, process, "ok" if number % 2 else "invoke", value % KEYS, content)


HISTORIES: dict[str, tuple[Callable[[int], Iterator[str]], int, int]] = {
    "sends": (sends, 10_000_000, 10_000_000),
    "polls": (polls, 2_000_000, 7_000_000),
    "puts": (puts, 2_000_000, 2_000_000),
    "fields": (fields, 500_000, 500_000),
    "edn": (edn, 500_000, 500_000),
}
"""The lines, the events and the rows that they have."""
SECONDS_MAX = 60
"""Of the processor: what else the machine does is not counted."""
MEBIBYTES_MAX = 2048


@pytest.mark.deep
@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_is_read(
    name: str,
    benchmark: Any,  # noqa: ANN401 - the fixture of pytest-benchmark has no types
    tmp_path: Path,
) -> None:
    lines, events, rows = HISTORIES[name]
    path = tmp_path / "history"
    with path.open("w") as file:
        file.writelines(lines(events))

    def read() -> list[str]:
        done = subprocess.run([sys.executable, "-c", READ, path], check=True, capture_output=True, text=True)  # noqa: S603
        return done.stdout.split()

    found, found_rows, kibibytes, seconds = benchmark.pedantic(read, rounds=1)
    benchmark.extra_info |= {
        "processor_seconds": float(seconds),
        "events_per_processor_second": round(events / float(seconds)),
        "bytes_a_line": round(path.stat().st_size / events),
        "mebibytes": int(kibibytes) >> 10,
    }
    path.unlink()
    assert (events, rows) == (int(found), int(found_rows))
    assert float(seconds) <= SECONDS_MAX
    assert int(kibibytes) >> 10 <= MEBIBYTES_MAX
