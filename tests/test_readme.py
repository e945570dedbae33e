"""The README's own example: the spec in it is complete, holds, and shows its bug as drawn there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checkers.explore.explore import explore
from checkers.explore.outcome import SearchOptions
from checkers.subjects import instantiate, load_spec
from checkers.verdict import Holds, Violated
from reports.drawing import draw

README = Path(__file__).parent.parent / "README.md"


def test_the_example_holds_and_shows_its_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = README.read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("lease.py").write_text(example, encoding="utf-8")
    spec = load_spec("lease.py:SPEC")
    assert isinstance(explore(instantiate(spec, {}), SearchOptions()).verdict, Holds)
    unfenced = instantiate(spec, {}, ablations=["unfenced"])
    verdict = explore(unfenced, SearchOptions()).verdict
    assert isinstance(verdict, Violated)
    table = [line.rstrip() for line in draw(unfenced, verdict).splitlines() if "│" in line]
    assert "\n".join(f"    {line}" for line in table[1:]) in text
