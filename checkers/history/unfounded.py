"""Operations that found what can't have been there: seen in n log n, without a search.

What an operation needs, an operation invoked before it returned must have given, or it was there at first. Where every
operation that writes leaves nothing of what was there before, the one that gave it was not surely followed by another
write that completed before the one that found it was invoked. This is necessary, not sufficient.

Left out: each operation that may do several things (append to one content or another) counts, with all others of its
effect, as one that began with the first of them and ended with the last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checkers.history.groups import Bools, Ints, begins
from checkers.history.wing_gong_lowe.arrange import OPEN
from checkers.history.wing_gong_lowe.encoded import Encoded
from checkers.history.wing_gong_lowe.kernel import NOTHING

AT_FIRST = 0
"""What every object holds at first."""


@dataclass(frozen=True, eq=False)
class Unfounded:
    """The operations, and of each one a write that stands between it and all that gave what it found; or -1."""

    operations: Ints
    overwriters: Ints


@dataclass(frozen=True, eq=False)
class _Gifts:
    """What was given, sorted by object, gift and invocation."""

    place: Ints
    """Object and gift as one number."""
    invoke: Ints
    complete: Ints
    """The last completion of those of this place so far."""


def unfounded(encoded: Encoded, *, overwrites: bool) -> Unfounded:
    """What can't have been found. `overwrites`: every operation that writes replaces all that an object holds."""
    effects = encoded.effects
    single = (effects.end - effects.first) == 1
    first = np.minimum(effects.first, len(effects.needs) - 1)
    needs = np.where(single, effects.needs[first], NOTHING)[encoded.effect]
    asking = np.flatnonzero((needs != NOTHING) & (encoded.complete != OPEN) & ~encoded.optional)
    objects = np.repeat(np.arange(len(encoded.bounds) - 1), np.diff(encoded.bounds))
    span = int(max(effects.gives.max(initial=0), needs.max(initial=0))) + 1
    gifts = _gifts(encoded, objects, span)
    overwriter, moment = _last_before(encoded, objects, asking) if overwrites else _none(len(asking))
    given = _given_until(gifts, objects[asking] * span + needs[asking], encoded.complete[asking])
    given = np.where((given < 0) & (needs[asking] == AT_FIRST), -1, given)
    wrong = given <= moment
    return Unfounded(asking[wrong], np.where(given[wrong] < -1, -1, overwriter[wrong]))


def _gifts(encoded: Encoded, objects: Ints, span: int) -> _Gifts:
    """All that was given, and when."""
    effects = encoded.effects
    counts = effects.end - effects.first
    alone = np.flatnonzero(counts[encoded.effect] == 1)
    several = np.flatnonzero(counts[encoded.effect] > 1)
    kind, where, number = np.unique(
        objects[several] * len(counts) + encoded.effect[several], return_index=True, return_inverse=True
    )
    last = np.full(len(kind), -1)
    np.maximum.at(last, number, encoded.complete[several])
    effect = kind % max(len(counts), 1)
    owner = np.repeat(np.arange(len(kind)), counts[effect])
    ends = np.cumsum(counts[effect])
    alternative = np.arange(len(owner)) + np.repeat(effects.first[effect] - ends + counts[effect], counts[effect])
    began = several[where][owner]
    gift = np.concatenate([effects.gives[effects.first[encoded.effect[alone]]], effects.gives[alternative]])
    place = np.concatenate([objects[alone], objects[began]]) * span + gift
    invoke = np.concatenate([encoded.invoke[alone], encoded.invoke[began]])
    complete = np.concatenate([encoded.complete[alone], last[owner]])
    real = gift != NOTHING
    place, invoke, complete = place[real], invoke[real], complete[real]
    order = np.lexsort((invoke, place))
    place, invoke = place[order], invoke[order]
    base = (np.cumsum(begins(place)) - 1) * (OPEN + 1)
    return _Gifts(place, invoke, np.maximum.accumulate(complete[order] + base) - base)


def _given_until(gifts: _Gifts, place: Ints, moment: Ints) -> Ints:
    """For each place, the last completion of what gave it and was invoked before a moment; -3 if nothing did."""
    span = OPEN + 1
    ranks = np.searchsorted(gifts.place, place)
    first = np.unique(gifts.place, return_index=True)[1] if len(gifts.place) else ranks[:0]
    number = np.searchsorted(gifts.place[first], place)
    keys = (np.cumsum(begins(gifts.place)) - 1) * span + gifts.invoke
    there = number < len(first)
    there[there] = gifts.place[first[number[there]]] == place[there]
    where = np.searchsorted(keys, number * span + moment) - 1
    there &= where >= ranks
    return np.where(there, gifts.complete[np.maximum(where, 0)] if len(keys) else -3, -3)


def _last_before(encoded: Encoded, objects: Ints, asking: Ints) -> tuple[Ints, Ints]:
    """Of the writes that completed before each operation was invoked, the one invoked last, and when; -1 and -2."""
    span = OPEN + 1
    surely: Bools = ~encoded.reads & ~encoded.optional & (encoded.complete != OPEN)
    writes = np.flatnonzero(surely)
    writes = writes[np.argsort(objects[writes] * span + encoded.complete[writes], kind="stable")]
    ends = objects[writes] * span + encoded.complete[writes]
    began = objects[writes] * span + encoded.invoke[writes]
    latest = np.maximum.accumulate(began)
    where = np.searchsorted(ends, objects[asking] * span + encoded.invoke[asking]) - 1
    base = np.searchsorted(ends, objects[asking] * span)
    there = where >= base
    moment = np.where(there, latest[np.maximum(where, 0)] if len(latest) else 0, 0)
    which = np.searchsorted(latest, moment)
    which = writes[np.minimum(which, len(writes) - 1)] if len(writes) else which
    return np.where(there, which, -1), np.where(there, moment - objects[asking] * span, -2)


def _none(count: int) -> tuple[Ints, Ints]:
    return np.full(count, -1), np.full(count, -2)
