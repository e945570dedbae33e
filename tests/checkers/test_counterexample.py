"""The counterexample format: the same bytes every time, and every sort of damage named where it stands."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.claimed_run import violation_of
from checkers.counterexample import Counterexample, load, loads, of_violation, save, to_json
from checkers.replay import Replayed, Stale, replay
from checkers.subjects import instantiate
from checkers.verdict import UserError, Violated
from tests.checkers import toys
from tests.checkers.runs import fault_run, replication_violation, run_of

COUNTER_FILE = """\
{
  "format": "logproof-counterexample",
  "version": 1,
  "kind": "spec",
  "subject": "toys.py:COUNTER",
  "variant": "fixed",
  "ablations": ["asserts", "skips"],
  "bounds": {"limit": 5},
  "property": "assertion",
  "verdict": "violated",
  "detail": "größer als 1",
  "fault": "two is too much",
  "initial": {},
  "loop": null,
  "steps": [
    {"action": "tick", "parameters": {}, "changed": {"n": [0, 2]}},
    {"action": "tick", "parameters": {}, "changed": {}}
  ]
}
"""


@cache
def replication_counterexample() -> Counterexample:
    """The shared one."""
    return of_violation(*replication_violation())


def as_json(counterexample: Counterexample) -> Any:  # noqa: ANN401 - JSON
    """Its JSON, to be damaged."""
    return json.loads(to_json(counterexample))


def test_the_file_is_exact() -> None:
    instance = instantiate(toys.COUNTER, {"limit": 5}, ablations=["skips", "asserts"])
    run = fault_run(run_of(instance, "tick"), "tick", "two is too much")
    violated = Violated("assertion", run, "größer als 1")
    assert to_json(of_violation(instance, violated, "toys.py:COUNTER")) == COUNTER_FILE


def test_a_file_without_steps_is_json() -> None:
    instance = instantiate(toys.COUNTER, {})
    text = to_json(of_violation(instance, Violated("below_two", run_of(instance))))
    assert text.endswith('  "steps": []\n}\n')
    assert loads(text.encode()).steps == ()


def test_a_counterexample_survives_its_file(tmp_path: Path) -> None:
    instance, violated = replication_violation()
    counterexample = of_violation(instance, violated)
    path = tmp_path / "counterexample.json"
    save(counterexample, path)
    again = load(path)
    assert to_json(again) == path.read_text(encoding="utf-8") == to_json(counterexample)
    assert violation_of(again, instance) == violated


def test_a_loop_survives_its_file() -> None:
    instance = instantiate(toys.SWING, {})
    violated = Violated("ends", run_of(instance, "forth", "back", loop=0))
    again = loads(to_json(of_violation(instance, violated)).encode())
    assert again.loop == 0
    assert violation_of(again, instance) == violated


def test_a_network_survives_its_file() -> None:
    instance = instantiate(toys.TOWN, {})
    run = run_of(instance, "greet to=1 urgent=1", "greet to=0 urgent=0", "receive index=1", "greet to=0 urgent=0")
    violated = Violated("few_records", run)
    assert violation_of(loads(to_json(of_violation(instance, violated)).encode()), instance) == violated


DAMAGE: list[tuple[tuple[str | int, ...], object, str]] = [
    (("format",), "gallery", 'is not a counterexample: it must be an object with "format"'),
    (("version",), 2, "version = 2: must be 1"),
    (("version",), True, "version = true: must be 1"),
    (("version",), 1.0, "version = 1.0: must be 1"),
    (("kind",), "system", 'kind = "system": must be "spec"'),
    (("verdict",), "holds", 'verdict = "holds": must be "violated"'),
    (("subject",), 7, "subject = 7: must be a string"),
    (("subject",), "\x1b[2Jreplication", r'subject = "\u001b[2Jreplication": must be a string of printable'),
    (("variant",), None, "variant = null: must be a string"),
    (("ablations",), {}, "ablations = {}: must be an array"),
    (("ablations",), [1], "ablations[0] = 1: must be a string"),
    (("bounds",), [], "bounds = []: must be an object"),
    (("bounds", "replicas"), "2", 'bounds.replicas = "2": must be an integer'),
    (("bounds", "replicas"), True, "bounds.replicas = true: must be an integer"),
    (("bounds", "replicas"), 2.0, "bounds.replicas = 2.0: must be an integer"),
    (("bounds", "replicas"), 1 << 63, "bounds.replicas = 9223372036854775808: must be an integer of at most 64"),
    (("property",), 3, "property = 3: must be a string"),
    (("fault",), "boom", 'property = "strong_isr": where there is a "fault", the property must be assertion or range'),
    (("fault",), None, "fault = null: must be a string"),
    (("detail",), ["x"], 'detail = ["x"]: must be a string'),
    (("detail",), "\ud800", r'detail = "\ud800": must be a string of printable'),
    (("initial",), None, "initial = null: must be an object"),
    (("initial", "quorum.isr"), [3], 'initial["quorum.isr"] = [3]: must be an integer'),
    (("loop",), "0", 'loop = "0": must be an integer'),
    (("loop",), 11, "loop = 11: must be null or from 0 to 10, the number of steps"),
    (("loop",), -1, "loop = -1: must be null or from 0 to 10"),
    (("steps",), None, "steps = null: must be an array"),
    (("steps", 3), [], "steps[3] = []: must be an object"),
    (("steps", 3, "action"), 1, "steps[3].action = 1: must be a string"),
    (("steps", 3, "parameters"), [], "steps[3].parameters = []: must be an object"),
    (("steps", 3, "parameters", "epoch"), "0", 'steps[3].parameters.epoch = "0": must be an integer'),
    (("steps", 3, "changed"), 0, "steps[3].changed = 0: must be an object"),
    (("steps", 3, "changed", "n"), 0, "steps[3].changed.n = 0: must be an array"),
    (("steps", 3, "changed", "n"), [0], "steps[3].changed.n = [0]: must be an array of two integers"),
    (("steps", 3, "changed", "a.b"), [0, "1"], 'steps[3].changed["a.b"][1] = "1": must be an integer'),
    (("steps", 3, "changed", "n"), [1, 1], "steps[3].changed.n = [1, 1]: the value before and the value after must"),
    (("steps", 3, "when"), 1, "steps[3].when = 1: there is no such field here; there are action, parameters, changed"),
    (("comment",), "x" * 99, f'comment = "{"x" * 59}...: there is no such field here'),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), DAMAGE, ids=[f"{d[0]}={d[1]!r}"[:60] for d in DAMAGE])
def test_damage_is_named_where_it_stands(path: tuple[str | int, ...], value: object, message: str) -> None:
    damaged = as_json(replication_counterexample())
    holder = damaged
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    with pytest.raises(UserError) as caught:
        loads(json.dumps(damaged).encode(), "bad.json")
    assert str(caught.value).startswith(f"bad.json: {message}")


@pytest.mark.parametrize("name", sorted(as_json(replication_counterexample())))
def test_a_missing_field_is_named(name: str) -> None:
    damaged = as_json(replication_counterexample())
    del damaged[name]
    expected = (
        "bad.json: is not a counterexample" if name == "format" else f'bad.json: the object lacks the field "{name}"'
    )
    with pytest.raises(UserError) as caught:
        loads(json.dumps(damaged).encode(), "bad.json")
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize("name", ["action", "parameters", "changed"])
def test_a_missing_field_of_a_step_is_named(name: str) -> None:
    damaged = as_json(replication_counterexample())
    del damaged["steps"][4][name]
    with pytest.raises(UserError, match=rf'^bad\.json: steps\[4\] lacks the field "{name}"$'):
        loads(json.dumps(damaged).encode(), "bad.json")


@pytest.mark.parametrize(("steps", "word"), [(0, "steps = "), (1, "steps = ")])
def test_a_fault_needs_a_last_step_that_changes_nothing(steps: int, word: str) -> None:
    damaged = json.loads(COUNTER_FILE)
    damaged["steps"] = damaged["steps"][:steps]
    with pytest.raises(UserError, match=f"bad.json: {word}.*the last step is the one that met it"):
        loads(json.dumps(damaged).encode(), "bad.json")


def paths_in(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    """The path of every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, child in inner for found in paths_in(child, (*path, key))]


SCALARS = st.none() | st.booleans() | st.integers(-3, 4) | st.integers() | st.floats() | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
PATHS = paths_in(as_json(replication_counterexample()))


def outcome(data: bytes) -> Replayed | Stale | UserError:
    """What replaying some bytes comes to."""
    try:
        return replay(loads(data))
    except UserError as error:
        return error


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PATHS), VALUES | st.just("delete") | st.just("copy"))
def test_no_damaged_field_is_more_than_a_user_error(path: tuple[str | int, ...], value: object) -> None:
    damaged = as_json(replication_counterexample())
    holder = damaged
    for step in path[:-1]:
        holder = holder[step]
    if value == "delete":
        del holder[path[-1]]
    elif value == "copy" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[int(path[-1])]))
    else:
        holder[path[-1]] = value
    result = outcome(json.dumps(damaged).encode())
    assert isinstance(result, Replayed | Stale | UserError)
    assert str(result)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damaged_bytes_are_more_than_a_user_error(data: st.DataObject) -> None:
    whole = bytearray(to_json(replication_counterexample()).encode())
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(start + 40, len(whole))))
    whole[start:end] = data.draw(st.binary(max_size=8))
    result = outcome(bytes(whole))
    assert isinstance(result, Replayed | Stale | UserError)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_no_bytes_are_more_than_a_user_error(data: bytes) -> None:
    assert isinstance(outcome(data), UserError)
