"""A concurrent history as a page of HTML: a lane for each process, and a box from each invocation to its completion.

The page needs nothing but itself: no script, no font, no image, and its own policy forbids them. What comes from the
history is escaped. A box tells more when the pointer rests on it; the core is coloured, and listed below with the
reasons. Columns are events in their order, not times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from checkers.history.history import NIL, NONE, EventType
from checkers.history.labels import label, shown_name, shown_value
from reports.timeline import Bar, Timeline

STYLE = """
:root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --line: #c4cad1; --ok: #e3ecf8; --maybe: #f2f2f2;
  --core: #ffd9d4; --core-line: #c3352b; }
@media (prefers-color-scheme: dark) { :root { --page: #15181c; --ink: #e4e7eb; --line: #4a525c; --ok: #26364d;
  --maybe: #2b2f35; --core: #5c221e; --core-line: #ff7b6f; } }
body { background: var(--page); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem; }
h1 { font-size: 1.2rem; }
.timeline { display: grid; gap: 6px 0; overflow-x: auto; padding-bottom: 0.8rem; align-items: center; }
.name { grid-column: 1; position: sticky; left: 0; z-index: 1; background: var(--page); padding-right: 1rem;
  white-space: nowrap; }
.lane { grid-column: 2 / -1; border-top: 1px dotted var(--line); }
.index { font-size: 0.7rem; opacity: 0.7; padding: 0 0.2rem; }
.box { border: 1px solid var(--line); border-radius: 4px; background: var(--ok); padding: 0.1rem 0.5rem; margin: 0 1px;
  white-space: nowrap; text-align: center; z-index: 0; }
.maybe { background: var(--maybe); border-right: 3px double var(--line); border-style: dashed double dashed dashed; }
.core { background: var(--core); border-color: var(--core-line); border-width: 2px; }
.legend { margin-top: 0.8rem; display: flex; flex-wrap: wrap; gap: 0.6rem; }
code { font-family: ui-monospace, monospace; }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def timeline_page(timeline: Timeline, title: str) -> str:
    """The page, to be written as UTF-8. Cost: that of its boxes."""
    bars = timeline.bars()
    body = [*_grid(timeline, bars), *_legend(timeline, bars), *_reasons(timeline)] if bars else ["<p>no operations</p>"]
    head = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{_text(title)}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        f"<h1>{_text(title)}</h1>",
    ]
    return "\n".join([*head, *body, "</body>", "</html>"]) + "\n"


def _text(text: str) -> str:
    """A text from anywhere, in an element or an attribute; what is no character becomes a question mark."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"))


def _grid(timeline: Timeline, bars: Sequence[Bar]) -> Iterator[str]:
    """Row 1 has the events, each lane its row; column 1 has the names, and event n begins at column n + 2."""
    instants = timeline.instants()
    lanes = list(dict.fromkeys(bar.lane for bar in bars))
    columns = f"grid-template-columns: max-content repeat({len(instants) + 1}, auto)"
    yield f'<div class="timeline" style="{columns}">'
    yield '<div class="name index" style="grid-row: 1">index</div>'
    for number, event in enumerate(instants):
        yield f'<div class="index" style="grid-area: 1 / {number + 2}">{timeline.history.index[event]}</div>'
    for row, lane in enumerate(lanes, 2):
        yield f'<div class="name" style="grid-row: {row}">process {_text(timeline.process(lane))}</div>'
        yield f'<div class="lane" style="grid-row: {row}"></div>'
        for bar in bars:
            if bar.lane == lane:
                yield _box(timeline, bar, row, len(instants))
    yield "</div>"


def _box(timeline: Timeline, bar: Bar, row: int, instants: int) -> str:
    kinds = ["box", *(["core"] if bar.core else []), *([] if bar.answered else ["maybe"])]
    end = instants if bar.end is None else bar.end
    title = _text("\n".join(_details(timeline, bar.invoke)))
    arrow = "" if bar.answered else " &rarr;"
    where = f"grid-area: {row} / {bar.start + 2} / auto / {end + 3}"
    return f'<div class="{" ".join(kinds)}" style="{where}" title="{title}">{_text(bar.label)}{arrow}</div>'


def _details(timeline: Timeline, invoke: int) -> Iterator[str]:
    """What a box tells of an operation, line by line."""
    history = timeline.history
    completion = int(history.partner[invoke])
    yield label(history, invoke)
    yield f"process {timeline.process(int(history.process[invoke]))}, {shown_name(history.function_name(invoke))}"
    yield f"invoked at index {history.index[invoke]}{_time(timeline, invoke)}"
    if completion == NONE:
        yield "no completion"
    else:
        outcome = EventType(history.type[completion]).name.lower()
        yield f"{outcome} at index {history.index[completion]}{_time(timeline, completion)}"
        if history.error[completion] != NONE:
            yield f"error: {shown_value(history.errors.names[history.error[completion]])}"
    if invoke in timeline.why:
        yield timeline.why[invoke]


def _time(timeline: Timeline, event: int) -> str:
    time = int(timeline.history.time[event])
    return "" if time == NIL else f", time {time} ns"


def _legend(timeline: Timeline, bars: Sequence[Bar]) -> Iterator[str]:
    """What the looks of the boxes mean; only of those that occur."""
    kinds = [("box", "answered")]
    if any(not bar.answered for bar in bars):
        kinds.append(("box maybe", "no answer: may take effect at any later time"))
    if any(bar.core for bar in bars):
        kinds.append(("box core", "the core"))
    yield '<div class="legend">'
    yield from (f'<span class="{kind}">{meaning}</span>' for kind, meaning in kinds)
    if timeline.order:
        yield "<span>#n: n-th in the order found</span>"
    yield "</div>"


def _reasons(timeline: Timeline) -> Iterator[str]:
    """The sentences, in the order of the recording."""
    history = timeline.history
    if not timeline.why:
        return
    yield "<ul>"
    for invoke, sentence in sorted(timeline.why.items()):
        process = _text(timeline.process(int(history.process[invoke])))
        what = f"<code>{_text(label(history, invoke))}</code>"
        yield f"<li>index {history.index[invoke]}, process {process}: {what}: {_text(sentence)}</li>"
    yield "</ul>"
