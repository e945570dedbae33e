"""Faults: what a spec's own code must never do, met while running it in plain Python.

A step meets one when its action asserts what is false, divides by zero, or leaves a declared range; a property may too.
"""

from __future__ import annotations

from specs.catalogue import FAULTS
from specs.language import Finding, OutOfRange

FAULT_ERRORS = (Finding, AssertionError, ZeroDivisionError, ValueError)
"""How plain Python meets them."""
ASSERTION, RANGE = FAULTS


def fault_of(error: BaseException) -> str:
    """What a verdict calls the fault."""
    return RANGE if isinstance(error, OutOfRange) else ASSERTION


def message_of(error: BaseException) -> str:
    """Its message; never empty."""
    return str(error) or "an assertion of the spec"
