"""The reader of EDN: every kind of form, forms cut anywhere, what is refused, and that nothing takes it long."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.history import edn
from checkers.history.edn import EdnReader
from checkers.history.history import Json
from checkers.verdict import UserError


def forms(*chunks: str) -> list[tuple[int, Json]]:
    """The forms in a text that comes in chunks."""
    return list(EdnReader("f").forms(chunk.encode() for chunk in chunks))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nil", None),
        ("true", True),
        ("false", False),
        (":ok", "ok"),
        (":jepsen/op", "jepsen/op"),
        ("sym.bol/x->y*!?", "sym.bol/x->y*!?"),
        ("...", "..."),
        ("-", "-"),
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("5N", 5),
        ("0x1fA", 506),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("1.0", 1.0),
        ("-2.5e3", -2500.0),
        ("3.M", 3.0),
        ("1/3", "1/3"),
        ("##Inf", "##Inf"),
        ('""', ""),
        ('"a b"', "a b"),
        (r'"\t\r\n\\\"\b\f\u00e9\101\ud83d\ude00"', '\t\r\n\\"\b\f\u00e9A\U0001f600'),
        (r"\a", "a"),
        (r"\newline", "\n"),
        (r"\u00e9", "\u00e9"),
        (r"\(", "("),
        ('#"a\\d"', '#"a\\d"'),
        ("{}", {}),
        ('{:a 1, "b" [2 (3) #{4}] 5 {nil 6}}', {"a": 1, "b": [2, [3], [4]], "5": {"null": 6}}),
        ('#inst "2020-01-01"', "2020-01-01"),
        ("#jepsen.history.Op{:index 0}", {"index": 0}),
        ("#:jepsen{:a 1}", {"a": 1}),
        ("#jepsen.independent.Tuple{:key 1 :value 2}", [1, 2]),
        ("#other.Tuple{:key 1 :value 2}", {"key": 1, "value": 2}),
        ("#jepsen.independent.tuple [1 2]", [1, 2]),
        ("#a #b 3", 3),
        ("#object[java.lang.Foo 0x3b 7]", ["java.lang.Foo", 59, 7]),
        ("#_ 1 #_ [2 #_ 3] #_ #_ 4 5 6", 6),
        ('; a comment with " and [\n7', 7),
    ],
)
def test_a_form_is_this_value(text: str, value: Json) -> None:
    assert repr([value]) == repr([form for _, form in forms(f"({text}\n)")])


@pytest.mark.parametrize(
    "text", ["{:a 1}\n{:a 2}", "[{:a 1}\n{:a 2}]", "({:a 1}\n#tag {:a 2})", ";\n", "{:a\n1}, {:a 2}"]
)
def test_forms_stand_at_the_top_or_in_one_vector(text: str) -> None:
    assert [{"a": 1}, {"a": 2}][: 2 * (text != ";\n")] == [form for _, form in forms(text)]


def test_a_form_is_on_the_line_where_it_starts() -> None:
    assert [(2, {"a": "\n\n"}), (5, {"b": 1}), (6, 3)] == forms('[\n{:a "\n\n"}\n{:b\n1} 3 ; x\n]')


TEXT = '{:index 0, :type :ok, :f "x \\" ; [\\\\", :value #t [[:send 3 [\\a 7.5]] #_ x]} ; {"\n[{:é "\n", :s #{1}}]'


@given(st.lists(st.integers(0, len(TEXT)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_text_may_be_cut_anywhere(cuts: list[int]) -> None:
    data = TEXT.encode()
    bounds = sorted([0, *cuts, len(data)])
    chunks = [data[start:end] for start, end in pairwise(bounds)]
    assert forms(TEXT) == list(EdnReader("f").forms(chunks))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n}", "f, line 2: } closes nothing"),
        ("[}", "f, line 1: } does not close ["),
        ("{:a (]}", "f, line 1: ] does not close ("),
        ("{:a #_}", "f, line 1: } does not close #_"),
        ("{:a 1\n:b}", "f, line 2: a map needs a value for each key; it has 3 forms"),
        ('{:a 1 "a" 2}', 'f, line 1: the key "a" is there twice in one map'),
        ("{:a\n[1", "f, line 2: the text ends within the form that starts on line 1"),
        ("#tag", "f, line 1: the text ends within the form that starts on line 1"),
        ('"abc', 'f, line 1: "\\"abc": is no form of EDN'),
        ('"a\\"', 'f, line 1: "\\"a\\\\\\"": is no form of EDN'),
        (r'"\q"', r'f, line 1: "\\q": is no escape of EDN'),
        (r'"\ud800"', r'f, line 1: "\ud800": has half of a surrogate pair'),
        (r"\ud800", r'f, line 1: "\ud800": has half of a surrogate pair'),
        (r"\nothing", 'f, line 1: "nothing": is no character of EDN'),
        ("12abc", 'f, line 1: "12abc": is no form of EDN'),
        ("1e400", 'f, line 1: "1e400": is no form of EDN'),
        (":", 'f, line 1: ":": is no form of EDN'),
        ("\\", 'f, line 1: "\\\\": is no form of EDN'),
        ("^{:m 1} x", 'f, line 1: "^": is no form of EDN'),
        ("1" * 5000, f'f, line 1: "{"1" * 59}...: is an integer of too many digits'),
        ("[" * 70, "f, line 1: is nested more than 64 deep"),
        ("#a " * 70, "f, line 1: is nested more than 64 deep"),
    ],
)
def test_what_is_not_edn_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        forms(text)
    assert message == str(caught.value)


def test_what_is_not_utf_8_is_refused() -> None:
    with pytest.raises(UserError, match="f: after line 1: is not UTF-8: invalid start byte"):
        list(EdnReader("f").forms([b'{:a "\xff"}']))


@pytest.mark.parametrize("text", ['"', "a", "[", '[1 "', "; ", '"\\n', '{:a "x" ', "#_ 1 ", "[[]", "\\"])
def test_a_form_without_end_is_refused_before_it_is_too_long(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edn, "EVENT_BYTES_MAX", 1 << 18)
    chunk = (text * (1 << 14))[: 1 << 14].encode()
    read = 0

    def endless() -> object:
        nonlocal read
        while read < 64:
            read += 1
            yield chunk

    with pytest.raises(UserError):
        list(EdnReader("f").forms(endless()))  # type: ignore[arg-type]
    assert read <= 17
