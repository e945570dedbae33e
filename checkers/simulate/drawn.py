"""Choices drawn by Hypothesis, so that a failing run is shrunk and kept in its database.

Source: Hypothesis, strategies.data().
Left out: weights (Hypothesis looks for failures in its own way).
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from checkers.simulate.choices import Choices


def drawn(data: st.DataObject) -> Choices:
    """Choices that Hypothesis makes; it shrinks towards the first alternative of each, and shows them."""

    def take(what: str, count: int, _weights: Sequence[int] | None) -> int:
        return data.draw(st.integers(0, count - 1), label=what)

    return Choices(take)
