"""A table of texts that fits a width: columns share it by what they hold, and long cells wrap within their column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SEPARATOR = " │ "
RULE = "─┼─"
NARROWEST = 13
"""The least width at which a cell can still be read."""
LONGEST_WORD = 24
"""A column is as wide as its longest word, up to this, before it gets a share of what is left."""
SAMPLE = 100
"""Widths are chosen by so many rows."""
LINE_COST = 10
"""What a line of the table weighs against a line of one cell."""
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
    """The widths of the columns: with separators at most `width`, and as few lines as widening one by one gives."""
    columns = list(zip(*(row.cells for row in rows), strict=True))
    needs = [max(1, *map(len, column)) for column in columns]
    available = width - max(len(row.margin) for row in rows) - len(SEPARATOR) * (len(columns) - 1)
    if sum(needs) <= available:
        return needs
    widths = [min(need, max(_longest_word(column), 1)) for need, column in zip(needs, columns, strict=True)]
    while sum(widths) > available and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    sample = _Heights([column[:SAMPLE] for column in columns])
    while (wider := sample.widened(widths, needs, available - sum(widths))) is not None:
        widths = wider
    return widths


class _Heights:
    """How many lines the cells of some rows take at given widths."""

    def __init__(self, columns: Sequence[Sequence[str]]) -> None:
        self.columns = columns
        self.known: dict[tuple[int, int], list[int]] = {}

    def of(self, column: int, width: int) -> list[int]:
        if (column, width) not in self.known:
            self.known[column, width] = [len(wrap(cell, width)) for cell in self.columns[column]]
        return self.known[column, width]

    def cost(self, widths: Sequence[int]) -> int:
        """The lines of the table above all, then those of its cells."""
        heights = [self.of(column, width) for column, width in enumerate(widths)]
        return sum(LINE_COST * max(row) + sum(row) for row in zip(*heights, strict=True))

    def widened(self, widths: Sequence[int], needs: Sequence[int], spare: int) -> list[int] | None:
        """The widths with the one column wider that saves most a character; None if none saves any."""
        now = self.cost(widths)
        best: tuple[float, list[int]] | None = None
        for column, width in enumerate(widths):
            for more in range(1, min(spare, needs[column] - width) + 1):
                wider = [*widths[:column], width + more, *widths[column + 1 :]]
                saved = (now - self.cost(wider)) / more
                if saved > 0 and (best is None or saved > best[0]):
                    best = saved, wider
        return best and best[1]


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
    """The text in lines of at most `width`: broken at spaces; a word that is too long, after `_`, `(`, `,` or `.`."""
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
