"""A table of texts that fits a width: columns share it by what they hold, and long cells wrap within their column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SEPARATOR = " │ "
RULE = "─┼─"
NARROWEST = 10
"""The least width at which a cell can still be read."""
LONGEST_WORD = 24
"""A column is as wide as its longest word, up to this, before it gets a share of what is left."""
BREAKS_AFTER = "_(,."

Style = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table. `margin` is the text left of it, and `below` left of the lines that it wraps onto."""

    cells: tuple[str, ...]
    margin: str = ""
    below: str = ""


def narrowest_table(columns: int, margin: int) -> int:
    """The least width at which a table of so many columns can be read."""
    return margin + columns * NARROWEST + (columns - 1) * len(SEPARATOR)


def widths_of(rows: Sequence[Row], width: int) -> list[int]:
    """The widths of the columns: with separators at most `width`, and each as wide as it needs to be if it can."""
    columns = list(zip(*(row.cells for row in rows), strict=True))
    needs = [max(len(cell) for cell in column) for column in columns]
    widths = [min(need, _longest_word(column)) for need, column in zip(needs, columns, strict=True)]
    available = width - max(len(row.margin) for row in rows) - len(SEPARATOR) * (len(columns) - 1)
    while sum(widths) > available and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    for _ in range(available - sum(widths)):
        ratio = [need / max(have, 1) for need, have in zip(needs, widths, strict=True)]
        if max(ratio) <= 1:
            break
        widths[ratio.index(max(ratio))] += 1
    return widths


def _longest_word(cells: Sequence[str]) -> int:
    return max(1, *(min(len(word), LONGEST_WORD) for cell in cells for word in (*cell.split(" "), "")))


def lines_of(rows: Sequence[Row], widths: Sequence[int], styles: Sequence[Style]) -> list[str]:
    """The lines of a table; the first row is its head, with a rule under it. `styles` colours each column."""
    margin = max(len(row.margin) for row in rows)
    lines: list[str] = []
    for number, row in enumerate(rows):
        wrapped = [wrap(cell, width) for cell, width in zip(row.cells, widths, strict=True)]
        for index in range(max(len(cell) for cell in wrapped)):
            texts = [cell[index] if index < len(cell) else "" for cell in wrapped]
            padded = [text.ljust(width) for text, width in zip(texts, widths, strict=True)]
            coloured = [style(text) if text.strip() else text for style, text in zip(styles, padded, strict=True)]
            left = (row.margin if index == 0 else row.below).ljust(margin)
            lines.append((left + SEPARATOR.join(coloured)).rstrip())
        if number == 0:
            lines.append(" " * margin + RULE.join("─" * width for width in widths))
    return lines


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width`: broken at spaces; in a word that is too long, after `_`, `(`, `,` or `.`."""
    lines = [""]
    for word in text.split(" "):
        lines += _placed(lines.pop(), word, width)
    return lines


def _placed(line: str, word: str, width: int) -> list[str]:
    """The lines that a word ends on, after a line that is already there."""
    joined = f"{line} {word}" if line else word
    if len(joined) <= width:
        return [joined]
    done = [line] if line else []
    while len(word) > width:
        cut = max((index + 1 for index in range(width) if word[index] in BREAKS_AFTER), default=width)
        done.append(word[:cut])
        word = word[cut:]
    return [*done, word]
