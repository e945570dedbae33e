"""A minimal core: calls of a history that is not linearizable, of which each is needed for that.

To take a call away is to no longer hold its client to it: a read may have found anything, a write may have taken effect
in its time or not. (To delete a write outright would make its readers liars: of write 1, write 2, read 1 only "read 1"
would be left, of which nobody can learn anything.) So the core is a set of calls which, though all others may have
happened in their time or not, have no linearization, and which has one as soon as any one call is taken away. What
those of the core found may have been given by calls outside it: the sources, which are told with it.

A call on a queue that is taken away may also take effect after its time: so that a core is found without a search.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from checkers.history.wing_gong_lowe.encoded import Encoded
from checkers.history.wing_gong_lowe.kernel import NOTHING
from checkers.minimal import minimal

Which = NDArray[np.intp]


def minimal_core(calls: Which, impossible: Callable[[Which], bool]) -> Which:
    """The least of some calls that are still impossible together: none of them can be taken away.

    `impossible` must hold of `calls`, and of all that contain calls of which it holds.
    """

    def without(items: Which, start: int, end: int) -> Which | None:
        fewer = np.concatenate([items[:start], items[end:]])
        return fewer if impossible(fewer) else None

    return minimal(calls, without)


class Sources:
    """Which calls give what others need."""

    def __init__(self, encoded: Encoded) -> None:
        effects = encoded.effects
        self._needs: dict[int, set[int]] = {}
        self._givers: dict[int, set[int]] = {}
        counts = effects.end - effects.first
        owner = np.repeat(np.arange(len(counts)), counts)
        alternative = np.arange(len(owner)) + np.repeat(effects.first - np.cumsum(counts) + counts, counts)
        needs, gives = effects.needs[alternative], effects.gives[alternative]
        for effect, need, gift in zip(owner.tolist(), needs.tolist(), gives.tolist(), strict=True):
            if need != NOTHING:
                self._needs.setdefault(effect, set()).add(need)
            if gift != NOTHING:
                self._givers.setdefault(gift, set()).add(effect)
        self._effect = encoded.effect

    def of(self, calls: Which) -> Which:
        """The calls outside that give what these need, or what those need."""
        effects = np.unique(self._effect[calls]).tolist()
        wanted = [need for effect in effects for need in self._needs.get(effect, ())]
        met, giving = set(wanted), set[int]()
        while wanted:
            for effect in self._givers.get(wanted.pop(), ()):
                if effect not in giving:
                    giving.add(effect)
                    further = self._needs.get(effect, set()) - met
                    met |= further
                    wanted.extend(further)
        giver = np.isin(self._effect, np.array(sorted(giving), np.int64))
        giver[calls] = False
        return np.flatnonzero(giver)
