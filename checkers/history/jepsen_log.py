"""Jepsen's text logs: of all that a log says, the lines of jepsen.util about operations.

`INFO  jepsen.util - 0<TAB>:invoke<TAB>:write<TAB>3` is process 0; older and newer layouts of the logger are read
alike, and so is what follows the value on a line: the error. The value and the error are EDN. A completion that has
only a keyword (`:info :cas :timed-out`) has that as its error and leaves the value open.

Source: jepsen.util/log-op.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from checkers.history.edn import EdnReader
from checkers.history.history import History, HistoryBuilder, Json
from checkers.history.jepsen_edn import JepsenEvents
from checkers.history.opening import numbered_lines
from checkers.strict_json import shown
from checkers.verdict import UserError

OPERATION = re.compile(r"\bjepsen\.util(?: +-|:)\s+([0-9]+|:[\w-]+)\s+(:.*)", re.DOTALL)
"""Of a line about an operation: the process and what follows."""
ONLY_AN_ERROR = re.compile(r":(?:info|fail)\s+\S+\s+:\S+\s*")
FIELDS = ("process", "type", "f", "value", "error")


def read_log(chunks: Iterable[bytes], name: str) -> History:
    """The history in a log's text."""
    number = 0
    builder = HistoryBuilder(name, lambda: f"{name}, line {number}")
    events = JepsenEvents(builder)
    for number, line in numbered_lines(chunks, name):
        event = _event(line, name, number) if b"jepsen.util" in line else None
        if event is not None:
            events.add(event)
    return builder.build()


def _event(line: bytes, name: str, number: int) -> dict[str, Json] | None:
    """The event that a line of a log tells; None if it tells of something else."""
    place = f"{name}, line {number}"
    try:
        found = OPERATION.search(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(f"{place}: is not UTF-8: {error.reason}") from error
    if found is None:
        return None
    process, said = found.groups()
    forms = [form for _, form in EdnReader(name, number).forms([f"({process} {said})".encode()])]
    if not 3 <= len(forms) <= len(FIELDS):
        raise UserError(f"{place}: {shown(said)}: must be :type :f value, or :type :f value error")
    if ONLY_AN_ERROR.fullmatch(said):
        forms.insert(FIELDS.index("value"), None)
    return dict(zip(FIELDS, forms, strict=False))
