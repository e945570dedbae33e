"""JSON from strangers: limits, repeated keys, what Python takes and JSON doesn't, and places in messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkers import strict_json
from checkers.strict_json import Node, parse_json, read_json
from checkers.verdict import UserError


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "f, line 1, column 1: is not JSON: Expecting value"),
        (b'{"a": 1,\n "b" 2}', "f, line 2, column 6: is not JSON: Expecting ':' delimiter"),
        (b"[1] [2]", "f, line 1, column 5: is not JSON: Extra data"),
        (b'"\xff"', "f: byte 1 is not UTF-8; JSON must be"),
        (b"[" * 200_000, "f: is nested too deeply"),
        (b'{"a": ' * 200_000, "f: is nested too deeply"),
        (b'{"a": 1, "b": {}, "a": 1}', 'f: is not JSON that can be read: the key "a" is there twice in one object'),
        (b"[NaN]", "f: is not JSON that can be read: NaN is not a number in JSON"),
        (b"[-Infinity]", "f: is not JSON that can be read: -Infinity is not a number in JSON"),
        (b"1" * 5000, "f: is not JSON that can be read: Exceeds the limit (4300 digits) for integer string conversion"),
    ],
)
def test_what_is_not_json_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_json(data, "f")
    assert str(caught.value).startswith(message)


def test_a_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "MAX_BYTES", 1 << 20)
    path = tmp_path / "huge.json"
    path.write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(UserError, match=r"huge\.json: is larger than 1 MiB, the most that is read"):
        read_json(path)


def test_an_endless_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "MAX_BYTES", 1 << 20)
    with pytest.raises(UserError, match="is larger than 1 MiB"):
        read_json(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.json", "No such file"),
        (".", "Is a directory"),
        ("a\0b", "embedded null byte"),
        ("n" * 300, "too long"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=f"can't be read: .*{message}"):
        read_json(tmp_path / name)


def test_places_are_written_as_in_a_spec() -> None:
    node = Node({"steps": [{"changed": {"a[0].b": [1]}}]}, "f")
    inner = node.fields(["steps"])["steps"].items()[0].fields(["changed"])["changed"].mapping()["a[0].b"].items()[0]
    assert inner.place == 'steps[0].changed["a[0].b"][0]'


def test_a_refusal_without_a_place_names_the_file() -> None:
    with pytest.raises(UserError, match=r"^f: must be an object$"):
        parse_json(b"3", "f").mapping()
