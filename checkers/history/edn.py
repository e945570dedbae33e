"""A reader of EDN from strangers, as JSON values: it streams, keeps its own stack, has limits, and runs nothing.

Keywords, symbols and characters become strings, lists, vectors and sets become lists, the names of a map become
strings (3 becomes "3"), ratios and ##Inf become strings of their text, 5N and 5M numbers; a tag is dropped. What
stands at the top is yielded form by form with the line where it starts; of a vector or a list at the top it is what
stands inside, so that a history may be one big vector or a map a line.

Cost: linear in the text. Source: the EDN specification (github.com/edn-format/edn), and of what Clojure prints beyond
it namespaced maps, patterns and hexadecimal numbers. Left out: metadata, quotes.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import NoReturn

from checkers.history.history import Json
from checkers.history.limits import EVENT_BYTES_MAX, NESTING_MAX
from checkers.history.names import first_repeated
from checkers.strict_json import shown
from checkers.verdict import UserError

TOKEN = re.compile(
    r"""\n | ;[^\n]* | [()\[\]{}] | \#?"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)
    | \#\{ | \#_ | \#\#\w+ | \#:{0,2}[^\W\d][^\s,()\[\]{}";]* | \\(?:\w+|.)? | [^\s,()\[\]{}";\\]+""",
    re.VERBOSE | re.DOTALL,
)
STRING = re.compile(r'#?"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
INTEGER = re.compile(r"[+-]?[0-9]+N?")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,16}")
FLOAT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?M?")
RATIO = re.compile(r"[+-]?[0-9]+/[0-9]+")
SYMBOL = re.compile(r"(?:[+-.](?![0-9])|[^\W\d]|[*!?$%&=<>/|])[\w.*+!?$%&=<>/|:#'-]*")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([0-7]{1,3})|(.))", re.DOTALL)
ESCAPED = {"t": "\t", "r": "\r", "n": "\n", "b": "\b", "f": "\f", "\\": "\\", '"': '"'}
CHARACTERS = {"newline": "\n", "return": "\r", "space": " ", "tab": "\t", "formfeed": "\f", "backspace": "\b"}
NEWLINE = "\n"
CONSTANTS: dict[str, Json] = {"nil": None, "true": True, "false": False}
OPENERS = {"(": ")", "[": "]", "{": "}", "#{": "}"}
CLOSERS = frozenset(OPENERS.values())
SHORT = 19
"""So many digits always are of 64 bits."""
WAITING_BYTES_MAX = 1 << 21
"""How much is read at most before it is looked at."""
REMEMBERED_MAX = 1 << 16
"""How many different atoms are remembered, so as not to take them apart again."""
CONTAINERS = ("[", "(")
DISCARD, INDEPENDENT = "#_", "independent"
_NEW: Json = []
"""No value yet; compared by identity."""


@dataclass(slots=True)
class _Frame:
    """A form that isn't complete: a collection and what it has so far, or a tag that waits for its form."""

    opener: str
    items: list[Json] = field(default_factory=list)


class EdnReader:
    """Reads forms from text that comes in chunks. `name` tells what it is, for errors."""

    def __init__(self, name: str, line: int = 1) -> None:
        self._name = name
        self._line = line
        self._started = line
        self._stack: list[_Frame] = []
        self._base = 0
        """How many of the stack are not of a form: 1 in a vector or list at the top."""
        self._finished: Json = None
        self._atoms: dict[str, Json] = {}

    def forms(self, chunks: Iterable[bytes]) -> Iterator[tuple[int, Json]]:
        """Each form and the line where it starts. UserError, naming the line, if it isn't EDN or exceeds a limit."""
        decode = getincrementaldecoder("utf-8")().decode
        rest, unfinished, waiting = "", 0, b""
        try:
            for chunk in chunks:
                waiting += chunk
                room = EVENT_BYTES_MAX - unfinished - len(rest)
                if len(waiting) < min(len(rest), WAITING_BYTES_MAX, room):
                    continue  # a long token is not looked at again for each chunk of it
                text, waiting = rest + decode(waiting), b""
                end = max(text.rfind("\n"), text.rfind(" ")) + 1
                tokens = TOKEN.findall(text, 0, end)
                kept = len(tokens.pop()) if tokens and _is_cut(tokens[-1]) else 0
                rest = text[end - kept :]
                for form in self._read(tokens):
                    yield form
                    unfinished = 0
                unfinished += end - kept
                if unfinished + len(rest) > EVENT_BYTES_MAX:
                    self._refuse(f"a form is longer than {EVENT_BYTES_MAX >> 20} MiB, the most that is read")
            yield from self._read(TOKEN.findall(rest + decode(waiting, final=True)))
        except UnicodeDecodeError as error:
            raise UserError(f"{self._name}: after line {self._line}: is not UTF-8: {error.reason}") from error
        if self._stack:
            self._refuse(f"the text ends within the form that starts on line {self._started}")

    def _refuse(self, problem: str) -> NoReturn:
        raise UserError(f"{self._name}, line {self._line}: {problem}")

    def _read(self, tokens: list[str]) -> Iterator[tuple[int, Json]]:
        atoms = self._atoms
        items = self._collecting()
        for token in tokens:
            if items is not None and (value := atoms.get(token, _NEW)) is not _NEW:
                items.append(value)
                continue
            if token == NEWLINE:
                self._line += 1
                continue
            value = self._value(token)
            if value is not _NEW and self._completes(value):
                yield self._started, self._finished
            items = self._collecting()

    def _collecting(self) -> list[Json] | None:
        """Where atoms go; None if more is to be done with them."""
        if len(self._stack) > self._base and self._stack[-1].opener in OPENERS:
            return self._stack[-1].items
        return None

    def _value(self, token: str) -> Json:
        """The value that a token completes; _NEW if it doesn't complete any."""
        if token in CLOSERS:
            return self._close(token)
        if token[0] == ";":
            return _NEW
        if len(self._stack) == self._base:
            self._started = self._line
        if token in OPENERS:
            if not self._stack and token in CONTAINERS:
                self._base = 1
            self._push(token)
            return _NEW
        if token[0] == "#" and token[1:2] not in ("#", '"'):
            self._push(token)
            return _NEW
        short = len(token) < SHORT and token.isascii() and token.isdecimal()
        value = int(token) if short else self._atom(token)
        newlines = token.count("\n")
        self._line += newlines
        if not newlines and len(self._atoms) < REMEMBERED_MAX:
            self._atoms[token] = value
        return value

    # ------------------------------------------------------------------------------------------------------ collections

    def _push(self, opener: str) -> None:
        if len(self._stack) > NESTING_MAX:
            self._refuse(f"is nested more than {NESTING_MAX} deep")
        self._stack.append(_Frame(opener))

    def _close(self, closer: str) -> Json:
        if not self._stack:
            self._refuse(f"{closer} closes nothing")
        frame = self._stack.pop()
        if OPENERS.get(frame.opener) != closer:
            self._refuse(f"{closer} does not close {frame.opener}")
        if len(self._stack) < self._base:
            self._base = 0
            return _NEW
        return self._map(frame.items) if frame.opener == "{" else frame.items

    def _map(self, items: list[Json]) -> dict[str, Json]:
        if len(items) % 2:
            self._refuse(f"a map needs a value for each key; it has {len(items)} forms")
        names = [name if type(name) is str else json.dumps(name) for name in items[::2]]
        found = dict(zip(names, items[1::2], strict=True))
        if len(found) < len(names):
            self._refuse(f"the key {shown(first_repeated(names))} is there twice in one map")
        return found

    def _completes(self, value: Json) -> bool:
        """Put a value where it belongs; whether it is a form at the top, then in `_finished`."""
        stack = self._stack
        while len(stack) > self._base and stack[-1].opener not in OPENERS:
            tag = stack.pop().opener
            if tag == DISCARD:
                return False
            if INDEPENDENT in tag and type(value) is dict and set(value) == {"key", "value"}:
                value = [value["key"], value["value"]]
        if len(stack) > self._base:
            stack[-1].items.append(value)
            return False
        self._finished = value
        return True

    # ------------------------------------------------------------------------------------------------------------ atoms

    def _atom(self, token: str) -> Json:
        if token in CONSTANTS:
            return CONSTANTS[token]
        if STRING.fullmatch(token):
            return token if token[0] == "#" else self._string(token[1:-1])
        if token[0] == ":" and len(token) > 1:
            return token[1:]
        if token[0] == "\\" and len(token) > 1:
            return self._character(token[1:])
        if token.startswith("##") or SYMBOL.fullmatch(token) or RATIO.fullmatch(token):
            return token
        number = self._number(token)
        if number is None:
            self._refuse(f"{shown(token)}: is no form of EDN")
        return number

    def _number(self, token: str) -> int | float | None:
        try:
            if INTEGER.fullmatch(token):
                return int(token.removesuffix("N"))
            if HEXADECIMAL.fullmatch(token):
                return int(token, 16)
        except ValueError:
            self._refuse(f"{shown(token)}: is an integer of too many digits")
        if FLOAT.fullmatch(token):
            number = float(token.removesuffix("M"))
            return number if isfinite(number) else None
        return None

    def _string(self, text: str) -> str:
        if "\\" not in text:
            return text
        return self._unicode(ESCAPE.sub(self._unescaped, text))

    def _unescaped(self, match: re.Match[str]) -> str:
        code, octal, character = match.groups()
        if code or octal:
            return chr(int(code, 16) if code else int(octal, 8))
        if character not in ESCAPED:
            self._refuse(f"{shown(match[0])}: is no escape of EDN")
        return ESCAPED[character]

    def _character(self, name: str) -> str:
        if len(name) == 1:
            return name
        code = re.fullmatch("u([0-9a-fA-F]{4})", name)
        if code is None and name not in CHARACTERS:
            self._refuse(f"{shown(name)}: is no character of EDN")
        return self._unicode(chr(int(code[1], 16))) if code else CHARACTERS[name]

    def _unicode(self, text: str) -> str:
        """A text whose pairs of surrogates are the characters that they stand for."""
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._refuse(f"{shown(text)}: has half of a surrogate pair")


def _is_cut(token: str) -> bool:
    """Whether the last token of a chunk may go on in the next."""
    return token[0] == ";" or (token[0] in '"#' and '"' in token[:2] and not STRING.fullmatch(token))
