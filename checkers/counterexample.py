"""Counterexamples as files: one JSON format, read by people and machines, the same bytes every time.

The file holds a header (what was checked, at which bounds, what is broken) and the run: the fields of the initial state
that are not at their defaults, then a line a step with the fields that it changed, before and after. Values are the
integers of the state: -1 for none, 0 and 1 for a bool, a bit mask for a set. A reader needs nothing but the file; what
a spec adds (that the fields and actions exist, that values are in range, that the run is one) is checked by `run_of`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checkers.atomic_file import write_whole
from checkers.strict_json import Node, parse_json, read_json
from checkers.subjects import further_ablations
from checkers.verdict import Violated
from specs.catalogue import FAULTS
from specs.instance import Instance
from specs.language import Record
from specs.shape import show_path, value_at

FORMAT = "logproof-counterexample"
VERSION = 1
REQUIRED = (
    "format", "version", "kind", "subject", "variant", "ablations", "bounds", "property", "verdict", "initial", "loop",
    "steps",
)  # fmt: skip
OPTIONAL = ("detail", "fault")
Change = tuple[int, int]
"""The value of a field before and after a step."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step of a counterexample: an action, its parameters by name, and the fields it changed, by path."""

    action: str
    parameters: Mapping[str, int]
    changed: Mapping[str, Change]

    def __str__(self) -> str:
        return f"{self.action}({', '.join(f'{name}={value}' for name, value in self.parameters.items())})"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A run of a spec that ends where `broken` fails, or loops from step `loop` on without meeting it.

    `initial` gives the fields that are not at their defaults. `loop` and `fault` are as in `checkers.verdict.Run`.
    """

    subject: str
    variant: str
    ablations: tuple[str, ...]
    bounds: Mapping[str, int]
    broken: str
    initial: Mapping[str, int]
    steps: tuple[Taken, ...]
    loop: int | None = None
    detail: str = ""
    fault: str | None = None
    file: str = "counterexample"
    """Where it was read from, for messages."""

    @property
    def depth(self) -> int:
        """Its actions."""
        return len(self.steps)


# ----------------------------------------------------------------------------------------------------- from an engine


def fields_of(instance: Instance, state: Record) -> dict[str, int]:
    """The value of every field of a state by its path (replicas[0].log_end_offset), in the order of declaration."""
    return {show_path(path): value_at(state, path) for path, _ in instance.struct.leaves()}


def changes(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, Change]:
    """The fields in which two states differ."""
    return {path: (value, after[path]) for path, value in before.items() if value != after[path]}


def of_violation(instance: Instance, violated: Violated, subject: str | None = None) -> Counterexample:
    """The counterexample that a verdict holds; `subject` is the spec's name unless the spec is in a user's file."""
    run = violated.run
    default = fields_of(instance, instance.struct.default())
    fields = fields_of(instance, run.initial)
    initial = {path: after for path, (_, after) in changes(default, fields).items()}
    steps: list[Taken] = []
    for moment in run.moments:
        after = fields_of(instance, moment.state)
        steps.append(Taken(moment.step.action, dict(moment.step.parameters), changes(fields, after)))
        fields = after
    return Counterexample(
        subject=subject or instance.spec.name,
        variant=instance.variant.name,
        ablations=further_ablations(instance),
        bounds=dict(instance.bounds),
        broken=violated.broken,
        initial=initial,
        steps=tuple(steps),
        loop=run.loop,
        detail=violated.detail,
        fault=run.fault,
    )


# ------------------------------------------------------------------------------------------------------------- writing


def to_json(counterexample: Counterexample) -> str:
    """The text of the file: a line a field of the header and a line a step, so that versions compare well."""
    header: dict[str, object] = {
        "format": FORMAT,
        "version": VERSION,
        "kind": "spec",
        "subject": counterexample.subject,
        "variant": counterexample.variant,
        "ablations": list(counterexample.ablations),
        "bounds": dict(counterexample.bounds),
        "property": counterexample.broken,
        "verdict": "violated",
    }
    if counterexample.detail:
        header["detail"] = counterexample.detail
    if counterexample.fault is not None:
        header["fault"] = counterexample.fault
    header |= {"initial": dict(counterexample.initial), "loop": counterexample.loop}
    lines = [f"  {_dump(name)}: {_dump(value)},\n" for name, value in header.items()]
    steps = ",\n".join(f"    {_dump(_step_json(step))}" for step in counterexample.steps)
    return "".join(["{\n", *lines, '  "steps": [', f"\n{steps}\n  ]" if steps else "]", "\n}\n"])


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _step_json(step: Taken) -> dict[str, object]:
    return {"action": step.action, "parameters": dict(step.parameters), "changed": dict(step.changed)}


def save(counterexample: Counterexample, path: Path) -> None:
    """Write the file, whole or not at all. Raises UserError if it can't be written."""
    write_whole(path, to_json(counterexample).encode("utf-8"))


# ------------------------------------------------------------------------------------------------------------- reading


def load(path: Path) -> Counterexample:
    """Read a file. Raises UserError naming the file, the place in it, the value, and what would be right."""
    return of_json(read_json(path))


def loads(data: bytes, file: str = "counterexample") -> Counterexample:
    """The same from bytes; `file` names them in errors."""
    return of_json(parse_json(data, file))


def of_json(node: Node) -> Counterexample:
    """A counterexample from JSON; every field checked that can be without the spec."""
    if not isinstance(node.value, dict) or node.value.get("format") != FORMAT:
        node.refuse(f'is not a counterexample: it must be an object with "format": "{FORMAT}"')
    if "version" in node.value:
        Node(node.value["version"], node.file, "version").exactly(VERSION)
    fields = node.fields(REQUIRED, OPTIONAL)
    fields["kind"].exactly("spec")
    fields["verdict"].exactly("violated")
    steps = tuple(_step(step) for step in fields["steps"].items())
    counterexample = Counterexample(
        subject=fields["subject"].text(),
        variant=fields["variant"].text(),
        ablations=tuple(name.text() for name in fields["ablations"].items()),
        bounds=_integers(fields["bounds"]),
        broken=fields["property"].text(),
        initial=_integers(fields["initial"]),
        steps=steps,
        loop=_loop(fields["loop"], len(steps)),
        detail=fields["detail"].text() if "detail" in fields else "",
        fault=fields["fault"].text() if "fault" in fields else None,
        file=node.file,
    )
    if counterexample.fault is not None and counterexample.broken not in FAULTS:
        fields["property"].refuse(f'where there is a "fault", the property must be {" or ".join(FAULTS)}')
    if counterexample.fault is not None and (not steps or steps[-1].changed):
        fields["steps"].refuse('where there is a "fault", the last step is the one that met it, and changed nothing')
    return counterexample


def _integers(node: Node) -> dict[str, int]:
    return {name: value.integer() for name, value in node.mapping().items()}


def _loop(node: Node, steps: int) -> int | None:
    if node.value is None:
        return None
    index = node.integer()
    if not 0 <= index <= steps:
        node.refuse(f"must be null or from 0 to {steps}, the number of steps")
    return index


def _step(node: Node) -> Taken:
    fields = node.fields(("action", "parameters", "changed"))
    changed = {path: _change(value) for path, value in fields["changed"].mapping().items()}
    return Taken(fields["action"].text(), _integers(fields["parameters"]), changed)


def _change(node: Node) -> Change:
    pair = node.items()
    if len(pair) != 2:
        node.refuse("must be an array of two integers, the value before and the value after")
    before, after = (value.integer() for value in pair)
    if before == after:
        node.refuse("the value before and the value after must differ")
    return before, after
