"""JSON Lines: our own format of histories, one event a line. This is its reference.

    {"index": 4, "time": 1200, "process": 0, "type": "invoke", "f": "send", "value": [["send", "orders-0", 17]]}
    {"index": 5, "time": 1900, "process": 0, "type": "ok", "f": "send", "value": [["send", "orders-0", [3, 17]]]}

An event has these fields; those marked * must be there, null is as good as absent for the others:

- `process`*: who, an integer or a string. It has at most one open operation at a time.
- `type`*: `invoke`; then `ok` (it happened), `fail` (it did not) or `info` (it may or may not have). An invoke that
  is never completed is an open operation. A completion has its invoke's `f` and repeats what was asked, see
  `checkers.history.completions`; one without an invoke is an event of its own.
- `f`*: the function, which says what `value` is: see below.
- `index`: an integer from 0; without it, the number of the event, from 0. Only shown, the order is that of the lines.
- `time`: an integer, in nanoseconds since any point. `error`: anything.
- All others are kept with the event. Checkers rely on `group`, `member`, `transactional_id` (strings), `generation`,
  `producer_id`, `producer_epoch`, `base_sequence`, `leader_epoch` (integers), `end` ("commit" or "abort": how a
  transaction was to end), `isolation` ("read_committed" or "read_uncommitted") and `rebalance_log` (a list of objects
  with `keys`).

A key names one topic-partition, register, queue or mutex: a string or an integer of at most 64 bits. The names of an
object's members are strings, so a string that is an integer's shortest text is that integer: "3" is 3, "03" is not. A
value is any JSON; an integer and a float of the same size are two values. An offset is an integer from 0 to 2^63 - 1.

The value of a `fail` or an `info` may be null, for "not known"; null in place of what the invoke says stands for that.

Logs.
- `send`, `poll`, `txn`: a list of micro-operations. `["send", key, value]`, completed `["send", key, [offset or null,
  value]]`: in an invoke the third element is the value, whatever it looks like; in a completion a list of null or an
  integer and something else is an offset and a value, anything else is a value of unknown offset. `["poll"]`,
  completed `["poll", {key: [[offset or null, value], ...]}]`. `["commit", {key: offset}]`: offsets sent to the
  transaction.
- `assign`, `subscribe`: a list of keys, which replaces the former one.
- `commit`: `{key: offset}`, the positions that a group commits. `fetch`: a list of keys, completed `{key: offset or
  null}`: the committed positions. `end_offset`: a list of keys, completed `{key: offset or null}`: the exclusive
  ends.

Registers and others; the field `key` names which, and may be missing if there is only one (not for get, put, append).
The field `version`, an offset, may say which version was read or written; it stands in the row's offset.
- `read`: null, completed with what was found. `write`: the value. `cas`: `[old, new]`.
- `get`: null, completed with what was found. `put`, `append`: the value.
- `acquire`, `release`: of a mutex; the value, such as a fencing token, is kept. `enqueue`: the value, never null.
  `dequeue`: null, completed with what was found, null if the queue was empty.

Observations: anything else is noted as OBSERVE rows, and never refused for its `f`. They need no invoke, and their
process may be a broker, such as "broker-1". With these meanings, and then checked:
- `high_watermark`, `last_stable_offset`: `{key: offset}`. `leader`: `{key: epoch}`. The number is the row's offset.
- `batch`: `[[key, base_offset, count], ...]`: the count is the row's value; only one where the event says its
  `producer_id`, `producer_epoch` or `base_sequence`. `record`: `[[key, offset, value], ...]`: what a replica holds.
  `assigned`, `revoked`: a list of keys that a member is given or gives up; it holds them in between.
- Unknown: `{key: something}` is a row for each key, an integer in its offset, anything else in its value; a list of
  `[key, offset or null, value]` likewise; everything else (such as that of `fenced`) is the value of one row.

Refused, with file, line, field, the value and what would be right: all that is not as said, names that are twice in
an object, NaN, infinite numbers, half surrogates, integers of over 4300 digits, what is not UTF-8, lines of over 16
MiB, more than 64 levels of nesting. Empty lines are skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NoReturn

import msgspec

from checkers.history.cells import Cells
from checkers.history.events import Events
from checkers.history.history import History, HistoryBuilder, Json
from checkers.history.limits import NESTING_MAX
from checkers.history.names import first_repeated
from checkers.history.opening import whole_lines
from checkers.history.plain_events import PlainEvents
from checkers.strict_json import shown
from checkers.verdict import UserError

DECODER = msgspec.json.Decoder()
TOO_DEEP = f"is nested more than {NESTING_MAX} deep"
PIECE_BYTES = 1 << 13
"""What is tried together once more when a block is not plain."""


class JsonLinesReader:
    """Reads the events of a file block by block."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._line = 0
        self._builder = HistoryBuilder(name, self._where)
        cells = Cells(self._builder)
        self._events = Events(cells)
        self._plain_events = PlainEvents(cells)

    def _where(self) -> str:
        return f"{self._name}, line {self._line}"

    def read(self, blocks: Iterable[bytes]) -> History:
        """The history in blocks of whole lines."""
        for block in blocks:
            if not self._together(block):
                for piece in _pieces(block):
                    if not self._together(piece):
                        self._one_by_one(piece)
        return self._builder.build()

    def _together(self, block: bytes) -> bool:
        """Add the events of a block if they are plain."""
        if self._plain_events.add(block):
            self._line += block.count(b"\n")
            return True
        return False

    def _one_by_one(self, block: bytes) -> None:
        for line in block.split(b"\n"):
            self._line += 1
            if line and not line.isspace():
                self._add(line)
        self._line -= 1  # what follows the last newline is the next block's

    def _add(self, line: bytes) -> None:
        try:
            event = DECODER.decode(line)
        except RecursionError:
            self._refuse(TOO_DEEP)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._refuse(f"is not JSON: {_undecodable(line) or error}")
        if type(event) is not dict:
            self._refuse(f"{shown(event)}: must be an object, one event a line")
        colons, brackets = line.count(b":"), line.count(b"[") + line.count(b"{")
        if (colons != len(event) or brackets > NESTING_MAX) and colons != self._names(event):
            self._refuse_repeated_names(line)
        self._events.add(event)

    def _refuse(self, problem: str) -> NoReturn:
        raise UserError(f"{self._where()}: {problem}")

    def _names(self, event: dict[str, Json]) -> int:
        """How many names the objects of an event have."""
        names = depth = 0
        level: list[Json] = [event]
        while level:
            depth += 1
            if depth > NESTING_MAX:
                self._refuse(TOO_DEEP)
            below: list[Json] = []
            for value in level:
                if type(value) is dict:
                    names += len(value)
                    below += value.values()
                elif type(value) is list:
                    below += value
            level = below
        return names

    def _refuse_repeated_names(self, line: bytes) -> None:
        def unique(pairs: list[tuple[str, object]]) -> None:
            repeated = first_repeated(name for name, _ in pairs)
            if repeated is not None:
                self._refuse(f"{shown(repeated)}: is there twice in one object")

        json.loads(line, object_pairs_hook=unique)


def _undecodable(line: bytes) -> str:
    """Which byte of a line is not UTF-8; empty if all are."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return str(error)
    return ""


def _pieces(block: bytes) -> Iterator[bytes]:
    """A block of whole lines in smaller ones."""
    start = 0
    while start < len(block):
        end = block.find(b"\n", start + PIECE_BYTES) + 1 or len(block)
        yield block[start:end]
        start = end


def read_json_lines(chunks: Iterable[bytes], name: str) -> History:
    """The history in a text of JSON Lines, in chunks cut anywhere."""
    return JsonLinesReader(name).read(whole_lines(chunks, name))
