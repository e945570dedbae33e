"""The contents of keys that are appended to: what they take, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.history.contents import contents_of
from checkers.history.linearizability import linearizable
from checkers.history.models import MODELS, texts
from checkers.verdict import UserError
from tests.checkers.history.histories import events, recorded


def appended(pieces: list[str]) -> list[dict[str, Any]]:
    """Appends one after the other, and a get of it all."""
    spoken: list[tuple[Any, ...]] = [(0, kind, "append", piece) for piece in pieces for kind in ("invoke", "ok")]
    spoken += [(0, "invoke", "get"), (0, "ok", "get", "".join(pieces))]
    return [event | {"key": "k"} for event in events(*spoken)]


def test_beginnings_of_what_was_got_share_its_text() -> None:
    history = recorded(*appended([f"{n:03};" for n in range(200)]))
    found = contents_of(texts(history, MODELS["kv"].kinds), history, 1 << 20)
    assert [4 * n for n in range(201)] == [length for _, length in found.beginnings]
    assert 2 >= len({id(text) for text, _ in found.beginnings})
    assert "'000;001;'" == found.told(2, 1 << 20)


@pytest.mark.parametrize("function", ["append", "put", "get"])
def test_what_is_no_text_is_refused_with_its_place(function: str) -> None:
    wrong = [(7, "invoke", function, None if function == "get" else 4), (7, "ok", function, 4)]
    said = [*appended(["a"]), *(event | {"key": "k"} for event in events(*wrong))]
    event = 5 if function == "get" else 4
    with pytest.raises(UserError) as caught:
        linearizable(recorded(*said), "kv")
    expected = (
        f"history: index {event}: {function} of key 'k': value = 4: a key that is appended to holds text, a string"
    )
    assert expected == str(caught.value)
