"""The search as machine code, kept with the compiled specs: named by a digest of all sources that went into it.

Numba's own cache beside a module sees changes of that module alone, not of those that it calls.
"""

from __future__ import annotations

import inspect
from functools import cache
from types import ModuleType

from checkers.explore.compile import load, named
from checkers.history.wing_gong_lowe import arrange, kernel, search, step

TEXT = """\
from numba import njit

from checkers.history.wing_gong_lowe import arrange, search


@njit(nogil=True, cache=True)
def place_all(events, begins, complete, operations):
    return arrange.place_all(events, begins, complete, operations)


@njit(nogil=True, cache=True)
def search_all(problem, at, finals, objects, limits):
    return search.search_all(problem, at, finals, objects, limits)
"""


@cache
def machine_code() -> ModuleType:
    """A module with `place_all` and `search_all`, compiled when they are first called if they never were before."""
    sources = "".join(inspect.getsource(module) for module in (arrange, kernel, search, step))
    return load(named("wing_gong_lowe", TEXT + sources), TEXT)
