"""The log of one partition: record batches in segments on a disk, with indexes, recovery and compaction."""
