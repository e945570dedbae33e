"""An error that is not the user's: told so that it can't be taken for a verdict, with where it arose."""

from __future__ import annotations

import os
import traceback

SWITCH = "LOGPROOF_TRACEBACK"
"""The environment variable that asks for all of it."""


def own_error(error: Exception) -> str:
    """What is said of an unexpected exception: its type and text, the innermost place, and how to see the traceback.

    With LOGPROOF_TRACEBACK in the environment the whole traceback stands before it.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    text = f"an error of its own, and no verdict: {type(error).__name__}: {error}{place}"
    if os.environ.get(SWITCH):
        return f"{''.join(traceback.format_exception(error))}{text}"
    return f"{text}; {SWITCH}=1 in the environment shows where it came from"
