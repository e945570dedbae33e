"""How a log is opened: what is trusted, what is rebuilt, where it is cut, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkers.simulate.choices import EveryPath, plainest
from checkers.simulate.disk import Crashed, Image, SimulatedDisk
from checkers.simulate.medium import Medium
from model.log.batch import CorruptBatch, Producer
from model.log.checkpoints import CorruptCheckpoint
from model.log.config import LogConfig
from model.log.control import ControlType
from model.log.file_names import BadFileName
from model.log.partition_log import PartitionLog
from model.log.segment import Segment
from tests.model.log.logs import SIZE, SMALL, again, batch, content, filled, marker, names, opened, stored, without

LOG = "orders-0/00000000000000000000.log"
SECOND = "orders-0/00000000000000000003.log"


def indexes(segment: Segment) -> tuple[object, ...]:
    """All that a segment's indexes hold."""
    aborted = segment.transaction_index.entries
    return segment.base_offset, segment.offset_index.data, segment.time_index.data, aborted, segment.max_timestamp


def with_transactions() -> tuple[PartitionLog, SimulatedDisk]:
    """A log of several segments with open, committed and aborted transactions in more than one of them."""
    log, disk = filled(0)
    for at in range(4):
        log.append_as_leader(batch(b"7", timestamp=9 - at, producer=Producer(7, 0, at), transactional=True), at, 0)
        if at % 2 == 0:
            log.append_as_leader(batch(b"8", timestamp=at, producer=Producer(8, 0, at // 2), transactional=True), at, 0)
        log.append_as_leader(marker(ControlType.ABORT, 7 + at % 2), at, 0)
    return log, disk


@pytest.mark.parametrize(
    "lost",
    [
        (),
        ("recovery-point-offset-checkpoint",),
        (".index",),
        (".timeindex",),
        (".snapshot",),
        ("leader-epoch-checkpoint",),
        (".index", ".timeindex", ".txnindex", ".snapshot", "-checkpoint"),
    ],
)
def test_all_that_follows_from_the_batches_is_rebuilt(lost: tuple[str, ...]) -> None:
    log, disk = with_transactions()
    found = opened(without(disk.image, *lost) if lost else SimulatedDisk.holding(disk.image))
    assert content(log) == content(found)
    assert [indexes(segment) for segment in log.segments] == [indexes(segment) for segment in found.segments]
    if "leader-epoch-checkpoint" not in lost:
        assert log.epochs.entries == found.epochs.entries
    assert log.producers.ongoing == found.producers.ongoing
    last = {id_: (entry.epoch, entry.last_sequence) for id_, entry in log.producers.entries.items()}
    assert last == {id_: (entry.epoch, entry.last_sequence) for id_, entry in found.producers.entries.items()}


def test_segments_below_the_recovery_point_are_not_read_through() -> None:
    _, disk = filled(9)
    assert [6] == again(disk).repairs.rebuilt
    assert [0, 3, 6] == opened(without(disk.image, "recovery-point-offset-checkpoint")).repairs.rebuilt
    assert [3, 6] == opened(without(disk.image, "3.timeindex")).repairs.rebuilt


def test_after_a_clean_shutdown_nothing_is_rebuilt() -> None:
    log, disk = with_transactions()
    log.close()
    before = disk.image
    found = opened(SimulatedDisk.holding(before), was_clean=True)
    assert ([], (), 0) == (found.repairs.rebuilt, found.repairs.swept, found.repairs.cut_bytes)
    assert (content(log), log.epochs.entries) == (content(found), found.epochs.entries)
    last = {id_: (entry.epoch, entry.last_sequence) for id_, entry in log.producers.entries.items()}
    assert last == {id_: (entry.epoch, entry.last_sequence) for id_, entry in found.producers.entries.items()}
    assert {1} == {len(entry.batches) for entry in found.producers.entries.values()}
    assert log.aborted_transactions(0, log.log_end_offset) == found.aborted_transactions(0, log.log_end_offset)


def test_a_log_goes_on_after_a_clean_shutdown_as_if_it_had_not_been_closed() -> None:
    log, disk = filled(0)
    log.append_as_leader(batch(b"x", timestamp=5), 0, 0)
    expected = indexes(log.segments[0])
    log.close()
    assert expected != indexes(log.segments[0])
    assert expected == indexes(opened(disk, was_clean=True).segments[0])


def test_segments_that_a_recovery_has_read_through_last_with_their_indexes() -> None:
    config = replace(SMALL, index_interval_bytes=1000)
    _, disk = filled(9, config)
    found = without(disk.image, "recovery-point-offset-checkpoint")
    opened(found, config)
    rebuilt = {name: data for name, data in found.image if name.endswith("index")}
    assert {name: data for name, data in disk.image if name.endswith("index")} == rebuilt
    assert rebuilt.items() <= dict(found.crash(plainest()).image).items()


def torn(image: Image, path: str, position: int, data: bytes, *, cut: bool = True) -> SimulatedDisk:
    """The disk with other bytes in a file, which ends there or goes on."""
    disk = SimulatedDisk.holding(image)
    disk.write(path, position, data)
    if cut:
        disk.truncate(path, position + len(data))
    return disk


@pytest.mark.parametrize("kept", range(SIZE))
def test_a_torn_tail_is_cut(kept: int) -> None:
    log, disk = filled(6)
    whole = content(log)
    found = opened(torn(disk.image, SECOND, 2 * SIZE, whole[5][:kept]))
    assert (whole[:5], 5, kept) == (content(found), found.log_end_offset, found.repairs.cut_bytes)
    found.append_as_leader(batch(b"next"), 0, 0)
    assert 6 == found.log_end_offset


@pytest.mark.parametrize("byte", [0, 8, 11, 16, 17, 21, 40, 60, SIZE - 1])
def test_the_log_ends_before_the_first_batch_that_is_not_right(byte: int) -> None:
    log, disk = filled(6)
    whole = content(log)
    wrong = bytes([whole[4][byte] ^ 0x80])
    found = opened(torn(disk.image, SECOND, SIZE + byte, wrong, cut=False))
    assert (whole[:4], 2 * SIZE) == (content(found), found.repairs.cut_bytes)
    assert f"of {SECOND}: " in found.repairs.cut_for


def test_what_a_recovery_has_cut_never_comes_back() -> None:
    """Nor behind a batch that was appended in the place of the one that was not right."""
    log, disk = filled(3)
    whole = content(log)
    image = torn(disk.image, LOG, SIZE + 61, b"?", cut=False).image
    disk = SimulatedDisk.holding(image, Medium(sector_bytes=SIZE, tears_max=0))
    found = opened(disk)
    assert whole[:1] == content(found)
    found.append_as_leader(batch(b"x"), 0, 0)
    expected = content(found)
    paths = EveryPath(disk.crash, 100)
    after = [len(held) for path in paths if (held := content(opened(path.result))) == expected[: len(held)]]
    assert paths.complete
    assert (paths.runs, {1, 2}) == (len(after), set(after))


def test_segments_after_a_cut_go_from_the_last_one_on() -> None:
    log, disk = filled(9)
    image = without(disk.image, "recovery-point-offset-checkpoint").image
    wrong = torn(image, LOG, SIZE + 30, b"?", cut=False)
    removed = list[str]()
    wrong.watch = removed.append
    found = opened(wrong)
    assert content(log)[:1] == content(found)
    removals = [what.removeprefix("remove of orders-0/") for what in removed if what.startswith("remove of")]
    logs = [name for name in removals if name.endswith(".log")]
    assert ["00000000000000000006.log", "00000000000000000003.log"] == logs


def test_zeros_where_a_crash_lost_the_content_are_cut() -> None:
    log, disk = filled(5)
    found = opened(torn(disk.image, SECOND, 2 * SIZE, bytes(200)))
    assert (content(log), 200) == (content(found), found.repairs.cut_bytes)


def test_a_batch_below_the_recovery_point_that_can_not_be_read_is_damage() -> None:
    """No crash does that, and to cut there would lose what others were told lasts."""
    _, disk = filled(9)
    image = without(disk.image, "0.timeindex").image
    with pytest.raises(CorruptBatch, match=rf"byte {SIZE + 17} of {LOG}: the CRC is"):
        opened(torn(image, LOG, SIZE + 21, b"?", cut=False))


def test_offsets_that_go_back_are_cut() -> None:
    log, disk = filled(5)
    found = opened(torn(disk.image, SECOND, 2 * SIZE, stored(3)))
    assert content(log) == content(found)
    assert "the base offset is 3, where at least 5" in found.repairs.cut_for


def test_a_torn_snapshot_is_made_up_for_by_the_log() -> None:
    log, disk = filled(0)
    sent = [batch(b"%d" % at, producer=Producer(7, 0, at)) for at in range(6)]
    for data in sent:
        log.append_as_leader(data, 0, 0)
    wrong = torn(disk.image, "orders-0/00000000000000000003.snapshot", 0, b"\0\1\0")
    found = opened(wrong)
    assert found.append_as_leader(sent[2], 0, 0).is_duplicate
    assert "00000000000000000003.snapshot" not in names(wrong)


def emptied() -> tuple[PartitionLog, SimulatedDisk]:
    """A log whose only record was deleted: what its producer has sent stands in one snapshot, and nowhere else."""
    log, disk = filled(0)
    disk.medium = Medium(tears_max=1, mixed_files_max=1)
    log.append_as_leader(batch(b"x", producer=Producer(7, 0, 0)), 0, 0)
    log.advance_high_watermark(1)
    log.roll(0)
    log.delete_records_before(1)
    log.apply_retention(0)
    log.flush()
    return log, disk


def test_no_crash_while_a_log_is_closed_forgets_a_producer_whose_records_are_deleted() -> None:
    log, disk = emptied()
    before = disk.operations
    log.close()
    lost = list[int]()
    for at in range(before + 1, disk.operations + 1):
        log, crashed = emptied()
        crashed.crash_at = at
        with pytest.raises(Crashed):
            log.close()
        states = [opened(path.result).producers for path in EveryPath(crashed.crash, 2000)]
        lost += [at - before for found in states if list(found.entries) != [7]]
    assert [] == lost


def test_a_log_that_ends_before_it_starts_is_empty() -> None:
    _, disk = filled(3)
    image = (*disk.image, ("log-start-offset-checkpoint", b"0\n1\norders 0 10\n"))
    found = opened(SimulatedDisk.holding(image))
    assert (10, 10, [], ()) == (found.log_start_offset, found.log_end_offset, content(found), found.epochs.entries)


def test_an_epoch_whose_records_are_lost_is_forgotten() -> None:
    log, disk = filled(2)
    log.start_epoch(3)
    assert [0, 3] == [entry.epoch for entry in log.epochs.entries]
    assert [0] == [entry.epoch for entry in again(disk).epochs.entries]


def test_only_snapshots_of_this_log_are_kept() -> None:
    """One past the end would tell of other batches than those that are appended there later."""
    _, disk = filled(8)
    for offset in (2, 4, 7, 8, 9):
        disk.create(f"orders-0/{offset:020}.snapshot")
    found = SimulatedDisk.holding(disk.image)
    opened(found)
    kept = [name for name in names(found) if name.endswith(".snapshot")]
    assert [f"{offset:020}.snapshot" for offset in (3, 6, 8)] == kept


def test_a_log_of_which_only_a_snapshot_is_left_is_begun_anew() -> None:
    disk = SimulatedDisk.holding((("orders-0", None), ("orders-0/00000000000000000000.snapshot", b"")))
    assert 0 == opened(disk).log_end_offset
    assert ["00000000000000000000.log"] == names(disk)


def test_segments_before_the_start_of_the_log_go() -> None:
    log, disk = filled(9)
    image = (*disk.image, ("log-start-offset-checkpoint", b"0\n1\norders 0 4\n"))
    found = opened(SimulatedDisk.holding(image))
    assert (4, [3, 6]) == (found.log_start_offset, [segment.base_offset for segment in found.segments])
    assert content(log)[4:] == content(found)


def test_a_log_goes_on_with_smaller_indexes_than_it_was_written_with() -> None:
    disk = SimulatedDisk()
    log = opened(disk, LogConfig(index_interval_bytes=0))
    for at in range(9):
        log.append_as_leader(batch(b"x", timestamp=at), 0, 0)
    log.close()
    found = opened(disk, LogConfig(index_interval_bytes=0, segment_index_bytes=24), was_clean=True)
    found.append_as_leader(batch(b"y", timestamp=9), 0, 0)
    assert [0, 9] == [segment.base_offset for segment in found.segments]


def test_another_recovery_changes_nothing() -> None:
    for _, disk in (filled(0), filled(2), filled(9), with_transactions()):
        first = SimulatedDisk.holding(disk.image)
        opened(first)
        second = SimulatedDisk.holding(first.image)
        opened(second)
        assert first.image == second.image


def damaged(image: Image, kind: str) -> Image:
    """The disk with one index of the second segment wrong, or with that segment in the middle of a swap."""
    path = "orders-0/00000000000000000003."
    if kind == "swap":
        return tuple((f"{name}.swap" if name.startswith(path) else name, data) for name, data in image)
    return tuple((name, data + b"?" if name == path + kind and data else data) for name, data in image)


@pytest.mark.parametrize("kind", ["index", "timeindex", "txnindex", "swap"])
def test_a_crash_while_a_wrong_index_is_rebuilt_does_not_make_it_look_right(kind: str) -> None:
    log, disk = with_transactions()
    expected = [indexes(segment) for segment in log.segments]
    image = damaged(disk.image, kind)
    assert image != disk.image
    medium = Medium(tears_max=0, mixed_files_max=0)
    whole = SimulatedDisk.holding(image, medium)
    opened(whole)
    for at in range(1, whole.operations + 1):
        crashed = SimulatedDisk.holding(image, medium)
        crashed.crash_at = at
        with pytest.raises(Crashed):
            opened(crashed)
        for left in EveryPath(crashed.crash, 1000):
            assert expected == [indexes(segment) for segment in opened(left.result).segments]


GARBAGE = [
    ("orders-0/1.log", b"", BadFileName, "'1' is no offset"),
    ("orders-0/-0000000000000000001.log", b"", BadFileName, "'-0000000000000000001' is no offset"),
    ("orders-0/0000000000000000000x.index", b"", BadFileName, "is no offset"),
    ("orders-0/99999999999999999999.log", b"", BadFileName, "is no offset"),
    ("orders-0/leader-epoch-checkpoint", b"hello", CorruptCheckpoint, "line 1 is 'hello'"),
    ("orders-0/leader-epoch-checkpoint", b"0\n1\n-1 5\n", CorruptCheckpoint, "line 3 is '-1 5'"),
    ("orders-0/leader-epoch-checkpoint", b"0\n2\n5 5\n4 6\n", CorruptCheckpoint, "line 4 is '4 6'"),
    ("recovery-point-offset-checkpoint", b"\xff\xfe", CorruptCheckpoint, "byte 0 is no UTF-8"),
    ("recovery-point-offset-checkpoint", b"0\n1\norders 0 -3\n", CorruptCheckpoint, "line 3 is 'orders 0 -3'"),
    ("log-start-offset-checkpoint", b"0\n9\n", CorruptCheckpoint, "it has 0 entries, and line 2 says 9"),
]


@pytest.mark.parametrize(("path", "data", "error", "complaint"), GARBAGE)
def test_a_directory_that_no_log_has_made_is_refused(
    path: str, data: bytes, error: type[ValueError], complaint: str
) -> None:
    _, disk = filled(2)
    kept = tuple((name, content) for name, content in disk.image if name != path)
    with pytest.raises(error) as caught:
        opened(SimulatedDisk.holding((*kept, (path, data))))
    assert complaint in str(caught.value)


def test_a_directory_that_is_not_named_after_a_partition_is_refused() -> None:
    with pytest.raises(BadFileName, match="'orders' is not named after a topic and a partition"):
        PartitionLog.open(SimulatedDisk(), "orders", SMALL, 0)


REPAIRED = [
    ("orders-0/00000000000000000000.index", b"\0" * 8),
    ("orders-0/00000000000000000000.index", b"\0" * 7),
    ("orders-0/00000000000000000000.timeindex", b"\xff" * 24),
    ("orders-0/00000000000000000000.txnindex", b"\0" * 33),
    ("orders-0/00000000000000000000.txnindex", b"\0" * 34),
    ("orders-0/00000000000000000003.snapshot", b"\0\1"),
    ("orders-0/00000000000000000099.snapshot", b""),
    ("orders-0/00000000000000000002.snapshot", b""),
    ("orders-0/00000000000000000001.index", b""),
    ("orders-0/00000000000000000001.txnindex", b"garbage"),
    ("orders-0/00000000000000000000.log.cleaned", b"garbage"),
    ("orders-0/00000000000000000000.log.deleted", b"garbage"),
    ("orders-0/leader-epoch-checkpoint.tmp", b"garbage"),
    ("orders-0/partition.metadata", b"version: 0"),
]


@pytest.mark.parametrize(("path", "data"), REPAIRED)
def test_what_can_be_made_up_for_does_not_stop_a_log_from_being_opened(path: str, data: bytes) -> None:
    log, disk = filled(8)
    kept = tuple((name, content) for name, content in disk.image if name != path)
    found = opened(SimulatedDisk.holding((*kept, (path, data))))
    assert content(log) == content(found)
    assert [indexes(segment) for segment in log.segments] == [indexes(segment) for segment in found.segments]
