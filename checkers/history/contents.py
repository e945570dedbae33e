"""The contents of keys that are appended to, as numbers: exact, compact, and in time linear in the text.

The only contents that matter are those that some get returned, and their beginnings: what is appended to any other one
gives one that no get returned. Of the beginnings only those matter where one appended piece ends and another begins. So
an append leads from content to content along the results, and from everywhere else to one that stands for all others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from checkers.history.calls import Calls
from checkers.history.history import INTERNED, NIL, History, Kind
from checkers.history.wing_gong_lowe.arrange import OPEN
from checkers.verdict import UserError

Ints = NDArray[np.int64]
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Contents:
    """What calls put and got, as numbers: 0 for empty, one that stands for all others, or that of one content."""

    history: History
    number: Ints
    """Of each call; that of an append means nothing."""
    appends: list[tuple[Pairs, Ints]] = field(default_factory=list)
    """Of each piece of each object: from which content it leads to which, and the calls that append it."""
    codes: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Of contents of objects that are not appended to, the codes of values; 0 is the empty text."""
    beginnings: list[tuple[str, int]] = field(default_factory=list)
    """Of the contents of the last object that is: each as a text, and how much of it."""

    def told(self, number: int, other: int) -> str:
        """A content of the last object as a sentence tells it."""
        if number == other:
            return "one that no get returned"
        if number < len(self.beginnings):
            text, length = self.beginnings[number]
            return repr(text[:length])
        if self.beginnings:
            return "one that nothing written can give"
        return repr(self.history.shown_value(int(self.codes[number])) if number else "")


def contents_of(calls: Calls, history: History, other: int) -> Contents:
    """Number the contents. `other` stands for all that no get returned. UserError if what is appended is no text."""
    empty = INTERNED + history.values.find("")
    value = np.where(calls.value == empty, NIL, calls.value)
    codes, numbers = np.unique(np.concatenate([[NIL], value]), return_inverse=True)
    contents = Contents(history, numbers[1:].astype(np.int64), codes=codes)
    bounds = calls.bounds()
    for begin in np.unique(np.searchsorted(bounds, np.flatnonzero(calls.kind == Kind.APPEND), side="right") - 1):
        _number_texts(contents, calls, slice(int(bounds[begin]), int(bounds[begin + 1])), other)
    return contents


def _number_texts(contents: Contents, calls: Calls, here: slice, other: int) -> None:
    """Number the contents of one object that is appended to."""
    kind, value = calls.kind[here], calls.value[here]
    codes, numbers = np.unique(value, return_inverse=True)
    texts = []
    for code in codes.tolist():
        text = contents.history.shown_value(code)
        if not isinstance(text, str | None):
            raise _no_text(contents.history, calls.taken(np.arange(here.start, here.stop)), code)
        texts.append(text or "")
    answered = (kind != Kind.GET) | (calls.complete[here] != OPEN)
    got, put, pieces = (
        {texts[n] for n in np.unique(numbers[(kind == k) & answered])} for k in (Kind.GET, Kind.PUT, Kind.APPEND)
    )
    borders = Borders(got, put, pieces)
    impossible = len(borders.texts)
    for k, missing in ((Kind.GET, impossible), (Kind.PUT, other)):
        known = np.array([borders.numbers.get(text, missing) for text in texts])
        contents.number[here] = np.where(kind == k, known[numbers], contents.number[here])
    contents.beginnings[:] = borders.texts
    appended = np.flatnonzero(kind == Kind.APPEND)
    appended = appended[np.argsort(numbers[appended], kind="stable")]
    for group in np.split(appended, np.flatnonzero(np.diff(numbers[appended])) + 1):
        if len(group):
            contents.appends.append((tuple(borders.pairs[texts[numbers[group[0]]]]), here.start + group))


def _no_text(history: History, calls: Calls, code: int) -> UserError:
    """The error for a value that is no text, of one of some calls."""
    call = int(np.argmax(calls.value == code))
    answers = calls.kind[call] == Kind.GET and calls.complete[call] != OPEN
    event = int(calls.complete[call] if answers else calls.event[call])
    key, value = history.shown_key(int(calls.key[call])), history.shown_value(code)
    return UserError(
        f"{history.source}: index {history.index[event]}: {history.function_name(event)} of key {key!r}: "
        f"value = {value!r}: a key that is appended to holds text, a string"
    )


class Borders:
    """The beginnings of results that end where a put or an appended piece can end, numbered; "" is 0.

    Results are taken in sorted order, so that each begins as the one before it as far as it can, and only what comes
    after that is looked at.
    """

    def __init__(self, results: Iterable[str], puts: Iterable[str], pieces: Iterable[str]) -> None:
        self.texts: list[tuple[str, int]] = []
        """The contents by number: each as a text, and how much of it."""
        self.numbers: dict[str, int] = {}
        """Of results and puts that are among the contents."""
        self.pairs: dict[str, list[tuple[int, int]]] = {piece: [] for piece in pieces}
        """Of each piece, from which content it leads to which."""
        self._lengths = sorted({len(piece) for piece in self.pairs if piece})
        ordered = sorted({"", *results})
        starts: dict[int, list[str]] = {}
        for text in sorted({"", *puts}):
            first = bisect_left(ordered, text)
            if first < len(ordered) and ordered[first].startswith(text):
                starts.setdefault(first, []).append(text)
        path: list[tuple[int, int]] = []
        for index, text in enumerate(ordered):
            shared = shared_length(ordered[index - 1], text) if index else -1
            while path and path[-1][0] > shared:
                path.pop()
            self._extend(path, text, shared, starts.get(index, []))
        if "" in self.pairs:
            self.pairs[""] = [(number, number) for number in range(len(self.texts))]

    def _extend(self, path: list[tuple[int, int]], text: str, shared: int, starts: Sequence[str]) -> None:
        """Follow one result on from the borders on its path, which lie in what it shares with the one before."""
        longest = self._lengths[-1] if self._lengths else 0
        found: dict[int, int] = {}
        waiting = [len(start) for start in starts]
        for position, number in reversed(path):
            if position + longest <= shared:
                break
            found[position] = number
            waiting.append(position)
        heapify(waiting)
        done = -1
        while waiting:
            position = heappop(waiting)
            if position == done:
                continue
            done = position
            number = self._number(path, found, text, position)
            for length in self._lengths:
                end = position + length
                if shared < end <= len(text) and text[position:end] in self.pairs:
                    heappush(waiting, end)
                    self.pairs[text[position:end]].append((number, self._number(None, found, text, end)))
        for start in starts:
            self.numbers[start] = found[len(start)]
        if path and path[-1][0] == len(text):
            self.numbers[text] = path[-1][1]

    def _number(self, path: list[tuple[int, int]] | None, found: dict[int, int], text: str, position: int) -> int:
        """The number of a beginning, a new one if it has none; it joins the path once it is its turn."""
        number = found.get(position)
        if number is None:
            number = found[position] = len(self.texts)
            self.texts.append((text, position))
        if path is not None and (not path or path[-1][0] < position):
            path.append((position, number))
        return number


def shared_length(one: str, other: str) -> int:
    """How long the beginning is that two texts share."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low
