"""How a record wants to be drawn: a few of its fields as one short text, as engineers write it on a whiteboard.

A Record class may hold a tuple `drawn` of these. Everything else about a drawing follows from the shapes.

    class Replica(Record):
        ...
        drawn = (Drawn("log", ("entries", "log_end_offset", "high_watermark"), log_text),)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from specs.language import Record


@dataclass(frozen=True, slots=True)
class Drawn:
    """The named fields are drawn together as `label=text(record)`; only the text where the label is empty."""

    label: str
    fields: tuple[str, ...]
    text: Callable[[Any], str]


def drawn_of(record: type[Record]) -> tuple[Drawn, ...]:
    """What a Record class asks for; nothing where `drawn` is a field like any other."""
    asked = vars(record).get("drawn", ())
    return tuple(d for d in asked if isinstance(d, Drawn)) if isinstance(asked, tuple) else ()
