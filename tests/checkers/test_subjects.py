"""Subjects are found by name or in a file, and what is wrong with either is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from checkers.subjects import further_ablations, instantiate, load_spec
from checkers.verdict import UserError
from specs import replication
from tests.checkers import toys


def test_a_built_in_spec_is_found_by_name() -> None:
    assert load_spec("replication") is replication.SPEC


def test_a_file_is_run_with_its_directory_importable(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text("from specs.log_order import SPEC\n", encoding="utf-8")
    path = tmp_path / "own.py"
    path.write_text("from beside_it import SPEC\nfrom specs.replication import SPEC as OTHER\n", encoding="utf-8")
    before = list(sys.path)
    assert load_spec(f"{path}:SPEC").name == "log_order"
    assert load_spec(f"{path}:OTHER").name == "replication"
    assert sys.path == before


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("nope", "there is no spec 'nope'; there are replication, "),
        ("os", "there is no spec 'os'; there are replication, "),
        ("own.py", "own.py: name the spec in the file, as in path/to/own_spec.py:SPEC"),
        ("own.py:", "own.py:: name the spec in the file, as in path/to/own_spec.py:SPEC"),
        ("own.py:1", "own.py:1: name the spec in the file"),
        (":SPEC", ":SPEC: name the spec in the file"),
        ("gone.py:SPEC", "gone.py: there is no such file"),
        ("own.txt:SPEC", "own.txt: a spec is read from a Python file, whose name ends in .py"),
        ("good.py:OTHER", "good.py: has no OTHER; the specs in it are SPEC"),
        ("good.py:limit", "good.py: limit is of type int, not a Spec; the specs in it are SPEC"),
        ("empty.py:SPEC", "empty.py: has no SPEC; it holds no Spec"),
        ("raises.py:SPEC", "raises.py, line 3: ZeroDivisionError: division by zero"),
        ("syntax.py:SPEC", "syntax.py, line 2: SyntaxError: "),
        ("exits.py:SPEC", "exits.py, line 2: SystemExit: 3"),
        ("spec_error.py:SPEC", "spec_error.py, line 2: SpecError: bound n=9: must be an integer from 0 to 1 (n)"),
    ],
)
def test_what_is_wrong_with_a_subject_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {
        "own.py": "",
        "own.txt": "",
        "good.py": "from specs.log_order import SPEC\nlimit = 3\n",
        "empty.py": "",
        "raises.py": "def f():\n    # it divides\n    return 1 / 0\nf()\n",
        "syntax.py": "x = 1\nif x\n",
        "exits.py": "import sys\nsys.exit(3)\n",
        "spec_error.py": "from specs.language import bound\nbound('n', 9, low=0, high=1, doc='n')\n",
    }
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_spec(subject)
    assert str(caught.value).startswith(message)


def test_a_file_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "raises.py"
    path.write_text("1 / 0\n", encoding="utf-8")
    before = (list(sys.path), set(sys.modules))
    with pytest.raises(UserError):
        load_spec(f"{path}:SPEC")
    assert (list(sys.path), set(sys.modules)) == before


def test_ablations_come_on_top_of_the_variant() -> None:
    instance = instantiate(toys.COUNTER, {"limit": 4}, "skips", ["asserts", "skips", "asserts"])
    assert instance.switched_off == {"asserts", "skips"}
    assert further_ablations(instance) == ("asserts",)
    assert further_ablations(instantiate(toys.COUNTER, {}, "skips")) == ()
    assert instance.bounds == {"limit": 4}


@pytest.mark.parametrize(
    ("bounds", "variant", "ablations", "message"),
    [
        ({"limits": 3}, "fixed", [], "counter has no bound 'limits'; it has limit"),
        ({"limit": 10}, "fixed", [], "bound limit=10: must be an integer from 1 to 9 (the last count)"),
        ({}, "fixd", [], "counter has no variant 'fixd'; it has fixed, skips, leaves_range, asserts"),
        ({}, "fixed", ["skip"], "counter has no ablation 'skip'; it has skips, leaves_range, asserts"),
    ],
)
def test_what_a_spec_does_not_have_is_said(
    bounds: dict[str, int], variant: str, ablations: list[str], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        instantiate(toys.COUNTER, bounds, variant, ablations)
    assert str(caught.value) == message
