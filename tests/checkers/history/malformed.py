"""Malformed recordings for tests: valid ones with edits, and what must hold of whatever is read from one."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import zstandard

from checkers.history.format import READERS, detect
from checkers.history.history import INTERNED, NIL, NONE, EventType, History, Kind
from checkers.history.opening import unpacked

JSON_LINES = b"""{"process": 0, "type": "invoke", "f": "txn", "value": [["send", 3, 7], ["commit", {"3": 1}]]}
{"process": 1, "type": "invoke", "f": "send", "value": [["send", "a", 8], ["send", "a", [1, null]]], "time": 6}
{"process": 1, "type": "ok", "f": "send", "value": [["send", "a", [0, 8]], ["send", "a", [null, [1, null]]]], "time": 7}
{"index": 3, "process": 0, "type": "info", "f": "txn", "value": [["send", 3, 7], ["poll", {"3": [[0, 7]], "a": []}]]}
{"process": 0, "type": "invoke", "f": "poll", "value": [["poll"]]}
{"process": 0, "type": "ok", "f": "poll", "value": [["poll", {"a": [[0, 8]]}]], "rebalance_log": [{"keys": ["3"]}]}
{"process": "b", "type": "ok", "f": "leader", "value": {"3": 4}, "leader_epoch": 4, "end": "abort"}
{"process": 0, "type": "invoke", "f": "cas", "value": [1, 2.5], "key": "r", "version": 3}
{"process": 1, "type": "invoke", "f": "fetch", "value": ["a", 3]}
{"process": 1, "type": "ok", "f": "fetch", "value": {"a": 4, "3": null}, "group": "g", "generation": 1}
{"process": 2, "type": "ok", "f": "batch", "value": [["a", 4, 2]], "producer_id": 1, "producer_epoch": 0}
"""
EDN = b"""[#jepsen.history.Op{:index 0, :process 0, :type :invoke, :f :txn, :value [[:send 3 7] [:poll]]}
{:process 0, :type :ok, :f :txn, :value [[:send 3 [0 7]] [:poll {3 [[0 7] [nil "x"]]}]], :rebalance-log [{:keys [3]}]}
{:process :nemesis, :type :info, :f :kill, :value #{"n1"}} ; comment
{:process 1, :type :invoke, :f :cas, :value [9 [1 2]]} #_ {:p 5}
{:process 1, :type :fail, :f :cas, :value [9 [1 2]]}
{:process 7, :type :invoke, :f :append, :key "0", :value "x 7 \\u00e9 \\101 y", :t \\a, :n -1.5e3, :r 1/2, :m 5N}]
"""
LOG = b"""INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 1\t:invoke\t:cas\t[1 4]
INFO  jepsen.util - 0\t:ok\t:read\t3
2020 INFO [w] jepsen.util: 1\t:info\t:cas\t:timed-out
INFO  jepsen.util - 2\t:fail\t:write\t3\t[:refused "no"]
"""
TEXTS = {"json-lines": JSON_LINES, "edn": EDN, "jepsen-log": LOG}
TOKENS = [
    *(b"null", b"true", b"-1", b"1e999", b"9223372036854775808", b'"', b'"f"', b'"read"', b'"\\ud800"', b"\\", b"\n"),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b"(",
        b")",
        b",",
        b":",
        b"#",
        b"#_",
        b"#{",
        b";",
        b"[" * 70,
        b"{}",
        b'{"a":' * 40,
        b'"3"',
    ),
    *(
        b"\xff",
        b"\xef\xbb\xbf",
        b"\0",
        b"\r",
        b"0" * 20,
        b"9" * 4400,
        b"nil",
        b":invoke",
        b":ok ",
        b"##NaN",
        b"\\u12",
        b"-",
    ),
]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of bytes: from `at` (a share of the length), a token and repeats of `length` bytes replace these."""

    at: float
    length: int
    token: int
    repeats: int


def edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Some bytes after edits."""
    for edit in edits:
        start = int(edit.at * len(data))
        end = start + edit.length
        token = TOKENS[edit.token] if edit.token < len(TOKENS) else b""
        data = data[:start] + token + data[start:end] * edit.repeats + data[end:]
    return data


def read_bytes(data: bytes, name: str = "auto", size: int = 1 << 16) -> History:
    """The history in the bytes of a file, read in chunks."""
    chunks = list(unpacked(io.BufferedReader(io.BytesIO(data)), "f"))
    whole = b"".join(chunks)
    cut = [whole[start : start + size] for start in range(0, len(whole), size)]
    return READERS[detect(whole, "f") if name == "auto" else name](cut, "f")


def packed(data: bytes, packing: int) -> bytes:
    """Some bytes as they are, or packed."""
    return (data, gzip.compress(data, 1), zstandard.ZstdCompressor().compress(data))[packing]


def check(history: History) -> None:
    """Whatever was read is a history whose columns fit together."""
    events, rows = len(history.type), len(history.kind)
    assert history.rows[0] == 0
    assert history.rows[-1] == rows
    assert np.array_equal(np.repeat(np.arange(events), np.diff(history.rows)), history.event)
    for column, codes in ((history.process, history.processes), (history.function, history.functions)):
        assert np.all((column >= 0) & (column < len(codes.names)))
    for column, codes in ((history.error, history.errors), (history.key, history.keys)):
        assert np.all((column >= NONE) & (column < len(codes.names)))
    assert np.all(history.value < INTERNED + len(history.values.names))
    assert np.all((history.offset >= 0) | (history.offset == NIL) | (history.kind == Kind.OBSERVE))
    completed = np.flatnonzero(history.partner != NONE)
    assert np.array_equal(history.partner[history.partner[completed]], completed)
    invokes = history.type == EventType.INVOKE
    assert np.all(invokes[completed] != invokes[history.partner[completed]])
    assert np.all((history.partner > np.arange(events)) == (invokes & (history.partner != NONE)))
