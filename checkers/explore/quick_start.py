"""A quicker start for the command line: numba asks for SciPy's linear algebra when it first loads machine code.

Compiled specs never multiply matrices, and importing SciPy takes a third of a second. In a process of our own numba may
as well not find it; a program that uses the explorer as a library keeps it.
"""

from __future__ import annotations

import importlib
import sys

LINEAR_ALGEBRA = "scipy.linalg"


def skip_linear_algebra() -> None:
    """Let numba come to the conclusion that there is no BLAS, unless it or SciPy was loaded already."""
    if LINEAR_ALGEBRA in sys.modules or "numba.np.arraymath" in sys.modules:
        return
    # None is how Python marks what must not be imported.
    sys.modules[LINEAR_ALGEBRA] = None  # type: ignore[assignment]
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        del sys.modules[LINEAR_ALGEBRA]
