"""Choices: the only source of chance. A program asks; who answers is a seed, a record, an enumeration or Hypothesis.

A choice is one of `count` alternatives, numbered from 0. Put the plainest alternative (nothing happens) first: an
enumeration begins there, and shrinking leads there. What was chosen is recorded, and the record replays the run.
A choice of one is none: it is neither asked for nor recorded.

Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014) for splitmix64; Lemire, Fast
Random Integer Generation in an Interval (2019); MacIver and Donaldson, Test-Case Reduction via Test-Case Generation
(2020) for one sequence of choices under every generator.
Left out: floating-point numbers; independent streams from one seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from checkers.verdict import UserError, VerdictName

T = TypeVar("T")
COUNT_MAX = 1 << 63
WORD = 1 << 64
GOLDEN = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: the increment of splitmix64."""
Source = Callable[[str, int, Sequence[int] | None], int]
"""Answers a choice, given what is chosen, how many alternatives there are, and their weights (None: all the same)."""


class Choice(NamedTuple):
    """What was chosen: alternative `taken`, counted from 0, of so many."""

    what: str
    alternatives: int
    taken: int

    def __str__(self) -> str:
        return f"{self.taken}/{self.alternatives} {self.what}"


Record = tuple[Choice, ...]


class ChoicesDiffer(UserError):  # noqa: N818 - what is wrong says more
    """The program does not make the choices that were recorded."""


class Choices:
    """Answers every choice of a run, and records it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._taken: list[Choice] = []

    @property
    def record(self) -> Record:
        """All choices so far."""
        return tuple(self._taken)

    def choose(self, count: int, what: str, weights: Sequence[int] | None = None) -> int:
        """One of 0 to count - 1. Weights matter to a seed only; an alternative of weight 0 is then never taken."""
        if "\n" in what:
            raise ValueError(f"{what!r}: what is chosen is named in one line")
        if not 1 <= count <= COUNT_MAX:
            raise ValueError(f"{what}: choose one of {count} alternatives; there must be 1 to 2^63")
        if weights is not None and (len(weights) != count or min(weights) < 0 or not any(weights)):
            raise ValueError(f"{what}: weights {list(weights)} for {count} alternatives; one each, not all of them 0")
        if count == 1:
            return 0
        taken = self._source(what, count, weights)
        assert 0 <= taken < count
        self._taken.append(Choice(what, count, taken))
        return taken

    def flag(self, what: str) -> bool:
        """Whether something happens."""
        return self.choose(2, what) == 1

    def happens(self, what: str, *, once_in: int) -> bool:
        """Whether something rare happens: once in so many times, if a seed decides."""
        return self.choose(2, what, (once_in - 1, 1)) == 1

    def between(self, low: int, high: int, what: str) -> int:
        """An integer from `low` to `high`, inclusive."""
        return low + self.choose(high - low + 1, what)

    def pick(self, items: Sequence[T], what: str) -> T:
        """One of some items."""
        return items[self.choose(len(items), what)]

    def subset(self, items: Iterable[T], what: str) -> list[T]:
        """Some of some items, in their order; the plainest is none of them."""
        return [item for item in items if self.flag(f"{what} {item}")]


def plainest() -> Choices:
    """Choices that are always the first alternative."""
    return Choices(_first)


def _first(_what: str, _count: int, _weights: Sequence[int] | None) -> int:
    return 0


# ------------------------------------------------------------------------------------------------------------- a seed


def seeded(seed: int) -> Choices:
    """Choices that follow from a seed (0 or more), the same in every process and on every machine."""
    return Choices(SplitMix64(seed))


class SplitMix64:
    """The generator: the n-th word is a mix of the seed and n, so nothing but the two decides."""

    def __init__(self, seed: int) -> None:
        if seed < 0:
            raise UserError(f"seed {seed}: a seed is 0 or more")
        self._state = mixed(seed % WORD)
        while seed := seed // WORD:
            self._state = mixed((self._state + GOLDEN) % WORD ^ seed % WORD)

    def __call__(self, _what: str, count: int, weights: Sequence[int] | None) -> int:
        """One of 0 to count - 1, as the weights say."""
        if weights is None:
            return self.below(count)
        at = self.below(sum(weights))
        for number, weight in enumerate(weights):
            at -= weight
            if at < 0:
                return number
        raise AssertionError("the weights were summed up")

    def below(self, count: int) -> int:
        """Any of 0 to count - 1, each as likely as the others."""
        while True:
            self._state = (self._state + GOLDEN) % WORD
            product = mixed(self._state) * count
            if product % WORD >= WORD % count:
                return product // WORD


def mixed(word: int) -> int:
    """The finaliser of splitmix64: a permutation of the 64-bit words that leaves no pattern."""
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB % WORD
    return word ^ word >> 31


# ------------------------------------------------------------------------------------------------------------ a record


def replay(program: Callable[[Choices], T], record: Iterable[Choice]) -> T:
    """Run a program again with the choices of a former run. Raises ChoicesDiffer unless it makes just these."""
    recorded = tuple(record)
    choices = replayed(recorded)
    result = program(choices)
    made = len(choices.record)
    if made < len(recorded):
        raise ChoicesDiffer(f"choice {made + 1}: the program ends, but {recorded[made]} was recorded")
    return result


def replayed(record: Iterable[Choice]) -> Choices:
    """The choices of a former run. They raise ChoicesDiffer at the first that is not asked for as it was then."""
    recorded = tuple(record)
    for number, choice in enumerate(recorded, 1):
        if not 0 <= choice.taken < choice.alternatives:
            raise ChoicesDiffer(f"choice {number}: {choice} takes no alternative that there is")
    return Choices(_Followed(recorded, _nothing_left))


class _Followed:
    """Takes recorded choices as long as there are any, then asks another source."""

    def __init__(self, recorded: Sequence[Choice], then: Source) -> None:
        self._recorded, self._then, self._at = recorded, then, 0

    def __call__(self, what: str, count: int, weights: Sequence[int] | None) -> int:
        if self._at == len(self._recorded):
            return self._then(what, count, weights)
        choice = self._recorded[self._at]
        self._at += 1
        if (what, count) != (choice.what, choice.alternatives):
            raise ChoicesDiffer(f"choice {self._at}: the program asks for one of {count} {what}, not for {choice}")
        return choice.taken


def _nothing_left(what: str, count: int, _weights: Sequence[int] | None) -> int:
    raise ChoicesDiffer(f"the program asks for one of {count} {what}, but the recorded choices are at an end")


def written(record: Iterable[Choice]) -> str:
    """A record as text, a line each."""
    return "".join(f"{choice}\n" for choice in record)


def read_record(text: str) -> Record:
    """A record from its text. Raises UserError, naming the line."""
    lines = text.removesuffix("\n").split("\n") if text else []
    return tuple(_read_choice(number, line) for number, line in enumerate(lines, 1))


def _read_choice(number: int, line: str) -> Choice:
    numbers, space, what = line.partition(" ")
    taken, slash, count = numbers.partition("/")
    if space and slash and all(part.isascii() and part.isdigit() for part in (taken, count)):
        choice = Choice(what, int(count), int(taken))
        if choice.taken < choice.alternatives:
            return choice
    raise UserError(f"line {number}: {line!r} is no choice; one reads 1/3 WHAT, for alternative 1 of 0 to 2")


# ------------------------------------------------------------------------------------------------------- an enumeration


@dataclass(frozen=True, slots=True)
class Path(Generic[T]):
    """One run of a program: its choices and what came of it."""

    record: Record
    result: T


class EveryPath(Generic[T]):
    """All runs of a program, depth first; to be iterated over once.

    The program must do the same for the same choices; if it is seen not to, ChoicesDiffer is raised. After `runs_max`
    runs the enumeration ends; `complete` then says whether these were all.
    """

    def __init__(self, program: Callable[[Choices], T], runs_max: int) -> None:
        self._program, self._runs_max = program, runs_max
        self.runs = 0
        self.complete = False

    def __iter__(self) -> Iterator[Path[T]]:
        prefix: Record | None = ()
        while prefix is not None and self.runs < self._runs_max:
            choices = Choices(_Followed(prefix, _first))
            self.runs += 1
            try:
                result = self._program(choices)
            except Exception as error:
                error.add_note(f"in run {self.runs}, with the choices\n{written(choices.record)}")
                raise
            record = choices.record
            if len(record) < len(prefix):
                raise ChoicesDiffer(f"the program ends before it makes choice {len(record) + 1}, {prefix[len(record)]}")
            yield Path(record, result)
            prefix = _next_prefix(record)
        self.complete = prefix is None


def _next_prefix(record: Record) -> Record | None:
    """The choices up to the last that has a further alternative, with that taken; None after the last path."""
    for at in range(len(record) - 1, -1, -1):
        last = record[at]
        if last.taken + 1 < last.alternatives:
            return (*record[:at], last._replace(taken=last.taken + 1))
    return None


@dataclass(frozen=True, slots=True)
class PathsChecked:
    """Whether a program had no complaint on any path; `record` leads to the first complaint."""

    verdict: VerdictName
    runs: int
    reason: str = ""
    record: Record = ()


def check_every_path(program: Callable[[Choices], str | None], runs_max: int) -> PathsChecked:
    """Run a program with all choices until it returns a complaint; unknown if there are more than `runs_max` runs."""
    paths = EveryPath(program, runs_max)
    for path in paths:
        if path.result is not None:
            return PathsChecked("violated", paths.runs, path.result, path.record)
    if not paths.complete:
        return PathsChecked("unknown", paths.runs, f"more than {runs_max:,} runs; bound the program or raise the limit")
    return PathsChecked("holds", paths.runs)
