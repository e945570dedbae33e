"""Files of operations that a crash cut short: what is only begun goes, what is complete is finished.

A log replaces segments by one that it writes as `.cleaned`, then names `.swap`, and which then takes their place. As
long as anything is named `.cleaned`, the old segments are all there; once nothing is, the new one is complete. What is
done here can be cut short by a crash as well, and is begun anew.

Source: Apache Kafka's LogLoader.removeTempFilesAndCollectSwapFiles, LocalLog.replaceSegments.
Left out: snapshots of KRaft's metadata.
"""

from __future__ import annotations

from collections.abc import Iterable

from model.log.checkpoints import TEMPORARY
from model.log.config import LogConfig
from model.log.disk import Disk
from model.log.file_names import (
    CLEANED,
    DELETED,
    LOG,
    OFFSET_INDEX,
    SEGMENT_KINDS,
    SNAPSHOT,
    SWAP,
    LogFile,
    files,
    within,
)
from model.log.segment import Segment


def sweep(disk: Disk, directory: str, config: LogConfig) -> list[str]:
    """Finish or undo what was under way; the names of the files that are no longer there."""
    there = files(disk, directory)
    written = [n for n in disk.names(directory) if n.endswith((SNAPSHOT + TEMPORARY, OFFSET_INDEX + TEMPORARY))]
    deleted = [file for file in there if file.stage == DELETED]
    cleaned = [file for file in there if file.stage == CLEANED]
    swapped = [file for file in there if file.stage == SWAP]
    begun = min((file.offset for file in cleaned), default=None)
    unfinished = [file for file in swapped if begun is not None and file.offset >= begun]
    # While there is a .cleaned file, the .swap files of the same replacement are known not to be complete.
    _remove(disk, directory, [*written, *(file.name for file in deleted + unfinished)])
    _remove(disk, directory, [file.name for file in cleaned])
    complete = [file for file in swapped if file not in unfinished]
    replaced = _finish(disk, directory, config, complete)
    present = {file.name for file in there if file.stage == "" and disk.exists(within(directory, file.name))}
    logs = {file.offset for file in files(disk, directory) if file.kind == LOG and file.stage == ""}
    orphans = [f for f in there if f.name in present and f.kind in SEGMENT_KINDS and f.offset not in logs]
    _remove(disk, directory, [file.name for file in orphans])
    return sorted([*written, *(file.name for file in deleted + cleaned + swapped + replaced + orphans)])


def _finish(disk: Disk, directory: str, config: LogConfig, complete: list[LogFile]) -> list[LogFile]:
    """Put complete segments in their places; the files that went. Their indexes are rebuilt when the log is read."""
    ends = dict[int, int]()
    for new in (file for file in complete if file.kind == LOG):
        segment = Segment(disk, directory, new.offset, config, stage=SWAP)
        segment.load_size(0)
        ends[new.offset] = max(segment.end_offset(), new.offset + 1)
    final = [file for file in files(disk, directory) if file.kind in SEGMENT_KINDS and file.stage == ""]
    replaced = [file for file in final if any(start <= file.offset < end for start, end in ends.items())]
    # Some indexes may have their final names already, and others not.
    offsets = {file.offset for file in complete}
    stale = [file for file in final if file.kind == OFFSET_INDEX and file.offset in offsets]
    indexes = [file for file in complete if file.kind != LOG]
    _remove(disk, directory, dict.fromkeys(file.name for file in [*replaced, *stale, *indexes]))
    for offset in ends:
        disk.rename(within(directory, LogFile(offset, LOG, SWAP).name), within(directory, LogFile(offset, LOG).name))
    if complete:
        disk.flush_directory(directory)
    return replaced


def _remove(disk: Disk, directory: str, gone: Iterable[str]) -> None:
    """Remove files for certain."""
    paths = [within(directory, name) for name in gone]
    for path in paths:
        disk.remove(path)
    if paths:
        disk.flush_directory(directory)
