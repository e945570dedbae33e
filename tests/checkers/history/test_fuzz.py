"""Whatever is in a file, a reader returns a history whose columns fit together, or raises UserError."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.history import json_lines
from checkers.history.format import READERS, read_history
from checkers.verdict import UserError
from tests.checkers.history.malformed import TEXTS, TOKENS, Edit, check, edited, packed, read_bytes

EDITS = st.builds(
    Edit,
    at=st.floats(0, 1, exclude_max=True),
    length=st.integers(0, 30),
    token=st.integers(0, 2 * len(TOKENS)),
    repeats=st.integers(0, 2),
)


@pytest.mark.parametrize("name", TEXTS)
def test_the_texts_that_are_edited_are_histories(name: str) -> None:
    history = read_bytes(TEXTS[name])
    check(history)
    assert {"json-lines": 11, "edn": 6, "jepsen-log": 5}[name] == len(history)


@pytest.mark.parametrize("name", READERS)
@given(data=st.binary(max_size=200), size=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_a_history_or_refused(name: str, data: bytes, size: int) -> None:
    with contextlib.suppress(UserError):
        check(read_bytes(b" " + data, name, size))


@pytest.mark.parametrize("name", READERS)
@given(edits=st.lists(EDITS, min_size=1, max_size=4), size=st.integers(1, 900), piece=st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_an_edited_history_is_a_history_or_refused(name: str, edits: list[Edit], size: int, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(UserError):
        patch.setattr(json_lines, "PIECE_BYTES", piece)
        check(read_bytes(edited(TEXTS[name], edits), name, size))


@given(packing=st.integers(1, 2), edits=st.lists(EDITS, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_an_edited_packed_file_is_a_history_or_refused(
    tmp_path_factory: pytest.TempPathFactory, packing: int, edits: list[Edit]
) -> None:
    path = tmp_path_factory.getbasetemp() / "edited"
    Path(path).write_bytes(edited(packed(TEXTS["json-lines"], packing), edits))
    with contextlib.suppress(UserError):
        check(read_history(path))
