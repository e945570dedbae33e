"""Batches for tests, drawn by Hypothesis, and how to put a batch's CRC right after changing its bytes."""

from __future__ import annotations

import struct

import google_crc32c
from hypothesis import strategies as st

from model.log.batch import Batch, Compression, Producer, TimestampType
from model.log.record import Record

TIME = 1_700_000_000_000
INT16, INT32, INT64 = 2**15 - 1, 2**31 - 1, 2**63 - 1

contents = st.none() | st.binary(max_size=80) | st.integers(0, 20_000).map(bytes)
headers = st.lists(st.tuples(st.text(max_size=70), contents), max_size=3).map(tuple)
timestamps = st.integers(TIME, TIME + 20_000) | st.integers(-1, INT64)
producers = st.none() | st.builds(Producer, st.integers(0, INT64), st.integers(0, INT16), st.integers(-1, INT32))


@st.composite
def batches(draw: st.DrawFn, codecs: tuple[Compression, ...] = tuple(Compression)) -> Batch:
    """Batches of all kinds, mostly small ones with plain records, with gaps between offsets."""
    base_offset = draw(st.sampled_from((0, 1000, INT64 - INT32)))
    steps = draw(st.lists(st.integers(1, 3) | st.integers(1, 9000), max_size=6))
    append_time = draw(st.none() | st.integers(0, INT64))
    drawn: list[Record] = []
    for step in steps:
        offset = (drawn[-1].offset if drawn else base_offset - 1) + step
        timestamp = draw(timestamps) if append_time is None else append_time
        drawn.append(Record(offset, timestamp, draw(contents), draw(contents), draw(st.just(()) | headers)))
    last = drawn[-1].offset if drawn else base_offset
    return Batch(
        base_offset,
        tuple(drawn),
        leader_epoch=draw(st.integers(-1, INT32)),
        producer=draw(producers),
        compression=draw(st.sampled_from(codecs)),
        timestamp_type=TimestampType.CREATE_TIME if append_time is None else TimestampType.LOG_APPEND_TIME,
        is_transactional=draw(st.booleans()),
        is_control=draw(st.booleans()),
        delete_horizon_ms=draw(st.none() | st.integers(0, INT64)),
        last_offset=last + draw(st.integers(0, 3)),
        max_timestamp=append_time if append_time is not None else draw(timestamps),
    )


def with_right_crc(data: bytes) -> bytes:
    """The same bytes, with the length and the CRC that they should have: so that what is behind them is looked at."""
    length = struct.pack(">i", len(data) - 12)
    return data[:8] + length + data[12:17] + struct.pack(">I", google_crc32c.value(data[21:])) + data[21:]


def with_body(data: bytes, body: bytes) -> bytes:
    """The batch with other bytes after its header, and the right CRC."""
    return with_right_crc(data[:61] + body)
