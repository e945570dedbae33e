"""Linearizability, broken on purpose: each mutant of its sources must fail the tests of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HISTORY = Path("checkers/history")
KERNEL, SEARCH, ENCODED = (f"wing_gong_lowe/{name}.py" for name in ("kernel", "search", "encoded"))

MUTANTS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "the memory forgets the state": (
        KERNEL,
        (
            (
                "hashed = mix(hashed, entries[k])",
                "hashed = mix(hashed, entries[k] if k < entry * width + 2 else uint64(0))",
            ),
            ("while k < width and entries", "while k < width and (k > 1 or entries"),
            ("== current[k]:\n            k += 1", "== current[k]):\n            k += 1"),
        ),
    ),
    "the memory forgets what has taken effect": (
        KERNEL,
        (
            (
                "hashed = mix(hashed, entries[k])",
                "hashed = mix(hashed, entries[k] if k != entry * width + 1 else uint64(0))",
            ),
            ("while k < width and entries", "while k < width and (k == 1 or entries"),
            ("== current[k]:\n            k += 1", "== current[k]):\n            k += 1"),
        ),
    ),
    "only the first that may take effect is tried": (
        KERNEL,
        (
            (
                "        operation = operations[operation, NEXT]\n        if operation",
                "        operation = NOTHING\n        if operation",
            ),
        ),
    ),
    "the second with the same effect is never tried": (
        KERNEL,
        (
            (
                "    return bool(twin == operation)",
                "    return operations[operations[operation, TWIN_HEAD], NEXT_TWIN] == operation",
            ),
        ),
    ),
    "an operation may return without effect": (
        KERNEL,
        (("                outcome = NOT_LINEARIZABLE\n                break", "                break"),),
    ),
    "what comes before a choice is not undone": (
        SEARCH,
        (("            undo(operations, events[at[POSITION]])\n", ""),),
    ),
    "what may be left out never is": (SEARCH, (("uint64(LEAVE_OUT if optional else first)", "uint64(first)"),)),
    "what may be left out always is": (
        SEARCH,
        (
            (
                "            at[POSITION] += 1\n            return LEGAL",
                "            at[POSITION] += 1\n            at[DEPTH] -= 1\n            return LEGAL",
            ),
        ),
    ),
    "every operation counts as a read": (
        ENCODED,
        (("[self.effects.end] == changes", "[self.effects.end] >= changes"),),
    ),
    "what may be left out has the same effect as what may not": (
        ENCODED,
        (("count + 2 * encoded.effect + encoded.optional", "count + 2 * encoded.effect"),),
    ),
    "what failed happened": ("calls.py", (("happened = outcome != EventType.FAIL", "happened = outcome >= 0"),)),
    "what may have happened has": (
        "calls.py",
        (("complete = np.where(ok, partner, OPEN)", "complete = np.where(partner != NONE, partner, OPEN)"),),
    ),
    "a content that no get returned is never reached": (
        "encoders.py",
        (("rows.append((put, UNREAD, 0))", "rows.append((append, UNREAD, UNREAD))"),),
    ),
    "alternatives are left out although a put follows": (
        "encoders.py",
        ((" & (last_put[objects] < calls.invoke)", ""),),
    ),
    "contents that appends share are taken for one": (
        "contents.py",
        (("if shared < end <= len(text)", "if shared + 1 < end <= len(text)"),),
    ),
    "backward zones are passed over": (
        "zones.py",
        (("    conflicts[_swallowed(objects, first, last, (forward, backward))] = True\n", ""),),
    ),
    "forward zones may overlap": (
        "zones.py",
        (("    conflicts[_overlapping(objects, first, last, forward)] = True\n", ""),),
    ),
    "a read may complete before its write": (
        "zones.py",
        (("conflicts = (first < written) & ~ignored", "conflicts = (first < -1) & ~ignored"),),
    ),
    "what a register holds at first is no write": ("zones.py", (("np.where(values == NIL, -1, first)", "first"),)),
    "appends need not keep their order": (
        "log_order.py",
        (("np.maximum.accumulate(lower + key * span)", "(lower + key * span)"),),
    ),
    "reads are no deadline": (
        "log_order.py",
        (("of[records], self.calls.complete[records]", "of[sends], self.calls.complete[sends]"),),
    ),
    "ends are passed over": ("log_order.py", (("np.flatnonzero(kind == Kind.END)", "np.flatnonzero(kind == -1)"),)),
    "two values may lie at one offset": ("log_order.py", (("        self._values_agree(records)\n", ""),)),
    "a read of a version may come after the next write": ("versions.py", (("ends.offset + 1, 0)", "ends.offset, 0)"),)),
    "a queue may give the second value first": (
        "fifo_order.py",
        (("        self.report(values.dequeue[found[over]], OVERTOOK, values.enqueue[order[which]])\n", ""),),
    ),
    "a queue may keep what comes first": (
        "fifo_order.py",
        (("(first, last, base)) > self._takes(last, base))", "(first, last, base)) > len(self.calls))"),),
    ),
    "open dequeues take nothing": (
        "fifo_order.py",
        (("still_open & (calls.value == NIL)", "still_open & (calls.value == 0)"),),
    ),
    "a queue may be empty while it holds a value": (
        "fifo_order.py",
        (("(_covered(values, held, moments) == 0)", "(_covered(values, held, moments) >= 0)"),),
    ),
    "a value may be found twice": (
        "fifo_order.py",
        (("again = earlier >= times_put[found]", "again = earlier > times_put[found]"),),
    ),
    "what is read may be written later": (
        "unfounded.py",
        (("number * span + moment) - 1", "number * span + OPEN) - 1"),),
    ),
    "every write overwrites all that was given before": (
        "unfounded.py",
        (("np.maximum.accumulate(complete[order] + base) - base", "invoke"),),
    ),
    "a write without a version lets the others have any": (
        "judged_objects.py",
        (("asked = some if self.conditions else fine", "asked = fine"),),
    ),
    "a condition that is only necessary says where the prefix ends": (
        "judged_objects.py",
        (("        if self.partly[number]:\n", "        if False:\n"),),
    ),
    "a queue's prefix ends where the search does": (
        "judged_objects.py",
        (("(self.model.narrowed is None and self.model.sources_suffice)", "self.model.narrowed is None"),),
    ),
    "the core leaves out its sources": (
        "core.py",
        (("        return np.flatnonzero(giver)", "        return np.flatnonzero(giver)[:0]"),),
    ),
    "the core is not minimal": ("../minimal.py", (("if size == 1 and", "if"),)),
    "pending calls of a prefix are held to their completion": (
        "calls.py",
        (("        complete[cut] = OPEN\n", ""),),
    ),
    "a prefix knows the offsets that come later": (
        "calls.py",
        (("        offset[cut] = asked_offsets(history, begun.taken(cut))\n", ""),),
    ),
    "what has no invocation never happened": ("calls.py", (("if len(alone) == 0:", "if len(alone) >= 0:"),)),
    "what has no invocation was invoked as it completed": (
        "calls.py",
        (("begins[among[1:][same]] = among[:-1][same] + 1", "begins[among] = among"),),
    ),
}
"""By name: the file, and what is replaced by what in it."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project."""
    copy = tmp_path_factory.mktemp("mutants") / "project"
    copy.mkdir()
    for name in ("checkers", "specs", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


SECONDS_MAX = 300
"""After which the tests of a mutant are taken to hang, so to fail."""


def suite_passes(project: Path) -> bool:
    """Whether the copy's tests of linearizability pass."""
    tests = "tests/checkers/history/test_linearizability.py"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", tests]
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, check=False, timeout=SECONDS_MAX)  # noqa: S603
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


@pytest.mark.deep
def test_the_copy_passes_as_it_is(project: Path) -> None:
    assert suite_passes(project)


@pytest.mark.deep
@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_are_caught(name: str, project: Path) -> None:
    file, replacements = MUTANTS[name]
    path = project / HISTORY / file
    source = mutant = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert mutant.count(old) == 1, old
        mutant = mutant.replace(old, new)
    path.write_text(mutant, encoding="utf-8")
    try:
        assert not suite_passes(project)
    finally:
        path.write_text(source, encoding="utf-8")
