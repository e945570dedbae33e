"""One key of a key-value store: put replaces its content, append adds to its end, get returns it.

Contents are texts; here they are numbers: 0 is the empty one, which a key has at first, and what `append` does to a
content is told with it. The last number stands for all texts that no get of the history returned: what is appended to
one of those gives another one of those.

Source: the key-value store of the labs of MIT 6.824, and its model in the tests of porcupine (Athalye).
Left out: deletion; operations on several keys.
"""

from __future__ import annotations

from specs.language import Int, Record, Spec, action, bound

CONTENTS = bound("contents", 4, low=2, high=1 << 31, doc="contents, the one that stands for all others included")
CONTENT = Int(0, CONTENTS - 1)


class State(Record):
    """One key."""

    content = Int(0, CONTENTS - 1)


def initial(s: State) -> None:
    """The empty text."""


@action(content=CONTENT)
def put(s: State, content: int) -> bool:
    """Replace the content."""
    s.content = content
    return True


@action(before=CONTENT, after=CONTENT)
def append(s: State, before: int, after: int) -> bool:
    """Append the piece that makes one content of another."""
    if s.content != before:
        return False
    s.content = after
    return True


@action(content=CONTENT)
def get(s: State, content: int) -> bool:
    """Find a content."""
    return s.content == content


def was_put(s: State) -> bool:
    """The key has a content."""
    return s.content > 0


SPEC = Spec(
    name="key_value",
    doc="One key of a store with get, put and append.",
    state=State,
    initial=initial,
    actions=(put, append, get),
    bounds=(CONTENTS,),
    reachable=(was_put,),
)
