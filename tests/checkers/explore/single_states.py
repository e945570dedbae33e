"""Compiled code one state at a time, and whole state graphs in plain Python: the two sides that tests compare."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from checkers.explore import generate
from checkers.explore.compile import compile_spec
from checkers.explore.explore import explored
from checkers.explore.generate import Options
from checkers.explore.outcome import Exploration, SearchOptions
from checkers.explore.properties import choose
from checkers.explore.search import FAULT, Search, canonical
from specs.instance import Instance, at
from specs.language import Spec
from specs.packing import Words


@cache
def instance_at(spec_name: str, variant: str, bounds: tuple[tuple[str, int], ...]) -> Instance:
    """An instance of a spec of the catalogue, made once."""
    from specs.catalogue import find_spec  # noqa: PLC0415

    return at(find_spec(spec_name), variant, **dict(bounds))
