"""Timelines: the text exactly, the page by its elements. LOGPROOF_REWRITE_GOLDEN=1 rewrites the expected texts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from checkers.history.history import EventType, History
from reports.drawing import Look
from reports.timeline import Timeline, draw_timeline
from reports.timeline_html import timeline_page
from tests.checkers.history.histories import events, recorded

GOLDEN = Path(__file__).parent / "timelines"
REWRITE = os.environ.get("LOGPROOF_REWRITE_GOLDEN") == "1"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=y>&amp;\x1b[31m\u202e\n|'


def all_of(history: History) -> list[int]:
    """Every operation."""
    return [invoke for invoke, _ in history.operations()]


def register() -> Timeline:
    """Three processes, a lost answer, two operations that are still open, and a read of what nobody wrote."""
    history = recorded(
        *events(
            (0, "invoke", "write", 1),
            (1, "invoke", "read"),
            (0, "ok", "write", 1),
            (2, "invoke", "cas", [1, 2]),
            (1, "ok", "read", 2),
            (0, "invoke", "write", 3),
            (2, "info", "cas", [1, 2]),
            (2, "invoke", "read"),
            (0, "ok", "write", 3),
            (1, "invoke", "read"),
            (2, "ok", "read", 7),
            (0, "invoke", "write", 8),
        )
    )
    first, second, _, _, odd, *_ = operations = all_of(history)
    why = {odd: "no write of 7 was invoked before it ended, so that it has no place in any order"}
    return Timeline(history, operations, frozenset({odd}), why, (first, second))


def log() -> Timeline:
    """A log of which somebody misses the end."""
    history = recorded(
        *events(
            ("producer", "invoke", "send", [["send", "orders", 7]]),
            ("producer", "ok", "send", [["send", "orders", [0, 7]]]),
            ("a consumer with a long name", "invoke", "poll", [["poll"]]),
            ("a consumer with a long name", "ok", "poll", [["poll", {"orders": [[0, 7]]}]]),
            ("a consumer with a long name", "invoke", "end_offset", ["orders"]),
            ("a consumer with a long name", "ok", "end_offset", {"orders": 0}),
        )
    )
    operations = all_of(history)
    return Timeline(history, operations, frozenset({operations[0], operations[2]}))


def nothing() -> Timeline:
    """No operations."""
    return Timeline(recorded(), ())


DRAWINGS = {
    "register": (register, Look()),
    "register_in_bands": (register, Look(width=64)),
    "register_narrow": (register, Look(width=24)),
    "log": (log, Look()),
    "nothing": (nothing, Look()),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_timelines_are_drawn_exactly(name: str) -> None:
    timeline, look = DRAWINGS[name]
    text = draw_timeline(timeline(), look)
    path = GOLDEN / f"{name}.txt"
    if REWRITE:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("width", [24, 25, 31, 40, 63, 64, 65, 80, 99, 120, 139])
def test_no_line_is_wider_than_asked(width: int) -> None:
    lines = [line for timeline in (register(), log()) for line in draw_timeline(timeline, Look(width)).splitlines()]
    assert [] == [line for line in lines if len(line) > width]


def test_bars_begin_and_end_in_the_order_of_the_events() -> None:
    timeline = replace(register(), why={}, order=())
    lanes = [line for line in draw_timeline(timeline, Look(width=400)).splitlines() if line[:1] in {"0", "1", "2"}]
    bars = [match for line in lanes for match in re.finditer(r"\|[-=]+ .*? [-=]{2,}[|>](?= |$)", line)]
    columns = sorted({column for bar in bars for column in (bar.start(), bar.end() - 1)})
    open_ends = max(columns)  # beyond the last event
    found = [(columns.index(b.start()), None if b.end() > open_ends else columns.index(b.end() - 1)) for b in bars]
    assert sorted((bar.start, bar.end) for bar in timeline.bars()[:5]) == sorted(found)[:5]
    assert [(9, None), (11, None)] == sorted(found)[5:]


def test_drawings_and_their_files_belong_together() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(DRAWINGS)


def test_colour_adds_nothing_but_colour() -> None:
    plain, coloured = (draw_timeline(register(), Look(colour=colour)) for colour in (False, True))
    assert plain != coloured
    assert plain == re.sub(r"\x1b\[[0-9;]*m", "", coloured)


def hostile() -> Timeline:
    """Every text that a stranger chooses, hostile."""
    history = recorded(
        {"process": HOSTILE, "type": "invoke", "f": HOSTILE, "value": {HOSTILE: HOSTILE}},
        {"process": HOSTILE, "type": "info", "f": HOSTILE, "error": HOSTILE},
        {"process": HOSTILE, "type": "invoke", "f": "send", "value": [["send", HOSTILE, HOSTILE]]},
        {"process": HOSTILE, "type": "fail", "f": "send", "error": [HOSTILE]},
        name=HOSTILE,
    )
    operations = all_of(history)
    return Timeline(history, operations, frozenset(operations), dict.fromkeys(operations, HOSTILE), operations)


def test_hostile_texts_do_not_reach_the_terminal() -> None:
    lines = draw_timeline(replace(hostile(), why={})).splitlines()
    assert [] == [character for line in lines for character in line if not character.isprintable()]


# ------------------------------------------------------------------------------------------------------------- the page


@dataclass
class Page(HTMLParser):
    """What a page consists of."""

    tags: list[str] = field(default_factory=list)
    boxes: list[tuple[str, str, str]] = field(default_factory=list)  # class, place, title
    texts: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        found = {name: value or "" for name, value in attrs}
        self.attributes.update(found)
        if tag == "div" and found.get("class", "").startswith("box"):
            self.boxes.append((found["class"], found["style"], found["title"]))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that tags are nested."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if data.strip():
            self.texts.append(data)


def page_of(timeline: Timeline, title: str = "a title") -> Page:
    """The parsed page, of which every element is closed."""
    page = Page()
    page.feed(timeline_page(timeline, title))
    page.close()
    assert [] == page.open
    return page


def test_the_page_has_a_lane_for_each_process_and_a_box_for_each_operation() -> None:
    page = page_of(register())
    assert ["process 0", "process 1", "process 2"] == [text for text in page.texts if re.fullmatch(r"process \d", text)]
    assert [
        ("box", "grid-area: 2 / 2 / auto / 5", "#1 write 1"),
        ("box", "grid-area: 2 / 7 / auto / 11", "write 3"),
        ("box maybe", "grid-area: 2 / 13 / auto / 15", "write 8 (open) →"),
        ("box", "grid-area: 3 / 3 / auto / 7", "#2 read -> 2"),
        ("box maybe", "grid-area: 3 / 11 / auto / 15", "read (open) →"),
        ("box maybe", "grid-area: 4 / 5 / auto / 9", "cas 1->2 (info) →"),
        ("box core", "grid-area: 4 / 9 / auto / 13", "read -> 7"),
    ] == [(kind, place, text) for (kind, place, _), text in zip(page.boxes, texts_of_boxes(page), strict=True)]


def texts_of_boxes(page: Page) -> list[str]:
    """The texts of the boxes, which stand between the names of the lanes and the legend."""
    names = page.texts.index("process 0"), page.texts.index("answered")
    return [text for text in page.texts[names[0] : names[1]] if not text.startswith("process ")]


def test_a_box_tells_more_when_the_pointer_rests_on_it() -> None:
    titles = [title for _, _, title in page_of(register()).boxes]
    assert [
        "read -> 7",
        "process 2, read",
        "invoked at index 7",
        "ok at index 10",
        "no write of 7 was invoked before it ended, so that it has no place in any order",
    ] == titles[-1].split("\n")
    assert "invoked at index 11\nno completion" in titles[2]


def test_times_and_errors_are_told() -> None:
    history = recorded(
        {"index": 5, "time": 10, "process": 0, "type": "invoke", "f": "write", "value": 1},
        {"index": 9, "time": 30, "process": 0, "type": "fail", "f": "write", "value": 1, "error": "timed out"},
    )
    [(_, _, title)] = page_of(Timeline(history, all_of(history))).boxes
    assert [
        "write 1 (failed)",
        "process 0, write",
        "invoked at index 5, time 10 ns",
        "fail at index 9, time 30 ns",
        'error: "timed out"',
    ] == title.split("\n")


def test_hostile_texts_stay_texts() -> None:
    page = page_of(hostile(), HOSTILE)
    own = {"html", "head", "meta", "title", "style", "body", "h1", "div", "span", "ul", "li", "code"}
    assert own == set(page.tags)
    assert {"lang", "charset", "content", "http-equiv", "name", "class", "style", "title"} == page.attributes
    assert 2 == len(page.boxes)


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = timeline_page(register(), "a title")
    assert [] == re.findall(r"https?:|url\(|@import|<script|<link|javascript:|src=|href=", text)
    assert "default-src &#x27;none&#x27;" in text


def test_what_is_no_character_can_be_written_all_the_same() -> None:
    assert b"<h1>a ? b</h1>" in timeline_page(nothing(), "a \ud800 b").encode()


def test_the_page_of_nothing_says_so() -> None:
    assert "no operations" in page_of(nothing()).texts


def test_failed_operations_are_answered_and_lost_ones_are_not() -> None:
    timeline = register()
    assert {EventType.OK: True, EventType.INFO: False, None: False} == {
        None if bar.end is None else EventType(timeline.history.type[timeline.instants()[bar.end]]): bar.answered
        for bar in timeline.bars()
    }
