"""What is wrong with bytes that should be a record batch: what was found, where it stands, and what would be right."""

from __future__ import annotations


class CorruptBatch(ValueError):  # noqa: N818 - what was found, not that an error happened
    """Bytes that are no record batch: `field` at `position` is `found`, where `expected` would be right.

    `position` counts bytes from the start of what was handed in; for a fault inside compressed records, it counts from
    the start of the uncompressed records, and `within` says so.
    """

    def __init__(self, field: str, found: object, expected: str, position: int, within: str = "") -> None:
        super().__init__(field, found, expected, position, within)
        self.field = field
        self.found = found
        self.expected = expected
        self.position = position
        self.within = within

    def __str__(self) -> str:
        return f"byte {self.position}{f' of {self.within}' if self.within else ''}: {self.fault}"

    @property
    def fault(self) -> str:
        """What is wrong, without its place."""
        return f"{self.field} is {self.found}, where {self.expected} would be right"

    def moved(self, by: int, within: str = "") -> CorruptBatch:
        """The same fault, seen from `by` bytes before."""
        return type(self)(self.field, self.found, self.expected, self.position + by, within)


class TruncatedBatch(CorruptBatch):
    """The bytes end before the batch does: what is there may be the beginning of a good one."""
