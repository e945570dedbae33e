"""A minimal core: calls of a history that is not linearizable, of which each is needed for that.

To take a call away is to no longer hold its client to it: a read may have found anything, a write may have taken effect
in its time or not. (To delete a write outright would make its readers liars: of write 1, write 2, read 1 only "read 1"
would be left, of which nobody can learn anything.) So the core is a set of calls which, though all others may have
happened in their time or not, have no linearization, and which has one as soon as any one call is taken away. What
those of the core found may have been given by calls outside it: the sources, which are told with it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from checkers.history.groups import Ints
from checkers.history.wing_gong_lowe.arrange import OPEN
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


def ungiven(encoded: Encoded) -> Ints:
    """The operations that returned although nothing invoked until then can have given what they need.

    What an object has at first, 0, is given. Without a search this tells that an object is not linearizable.
    """
    effects = encoded.effects
    counts = effects.end - effects.first
    single = effects.needs[np.minimum(effects.first, len(effects.needs) - 1)]
    needs = np.where(counts == 1, single, NOTHING)[encoded.effect]
    asking = np.flatnonzero((needs > 0) & (encoded.complete != OPEN) & ~encoded.optional)
    objects = np.repeat(np.arange(len(encoded.bounds) - 1), np.diff(encoded.bounds))
    # the first operation of each object with each effect, then all that it may give
    kinds, first = np.unique(objects * len(counts) + encoded.effect, return_index=True)
    owner, effect = np.repeat(first, counts[kinds % len(counts)]), kinds % len(counts)
    ends = np.cumsum(counts[effect])
    alternative = np.arange(len(owner)) + np.repeat(effects.first[effect] - ends + counts[effect], counts[effect])
    span = int(max(effects.gives.max(initial=0), needs.max(initial=0))) + 1
    gift = effects.gives[alternative]
    owner, gift = owner[gift > 0], gift[gift > 0]
    order = np.lexsort((encoded.invoke[owner], objects[owner] * span + gift))
    given = (objects[owner] * span + gift)[order]
    wanted = objects[asking] * span + needs[asking]
    where = np.searchsorted(given, wanted)
    there = where < len(given)
    there[there] = given[where[there]] == wanted[there]
    in_time = there.copy()
    in_time[there] = encoded.invoke[owner[order[where[there]]]] < encoded.complete[asking[there]]
    return asking[~in_time]
