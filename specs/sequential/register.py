"""A register: a read finds what was written last. A compare-and-set happens only where it finds what it expects.

Source: Lamport, On interprocess communication (1986); Herlihy and Wing, Linearizability (1990).
Left out: what a value is. Values are numbers; 0 is what the register holds at first. A compare-and-set that failed is
no operation: porcupine's model of etcd has one, which finds another value than the expected one.
"""

from __future__ import annotations

from specs.language import Int, Record, Spec, action, bound

VALUES = bound("values", 3, low=2, high=1 << 31, doc="values that the register can hold")
VALUE = Int(0, VALUES - 1)


class State(Record):
    """The register."""

    value = Int(0, VALUES - 1)


def initial(s: State) -> None:
    """Nothing was written."""


@action(value=VALUE)
def write(s: State, value: int) -> bool:
    """Put a value into the register."""
    s.value = value
    return True


@action(value=VALUE)
def read(s: State, value: int) -> bool:
    """Find a value in the register."""
    return s.value == value


@action(expected=VALUE, value=VALUE)
def compare_and_set(s: State, expected: int, value: int) -> bool:
    """Replace the expected value by another one."""
    if s.value != expected:
        return False
    s.value = value
    return True


def two_values_in_turn(s: State) -> bool:
    """The register was written to."""
    return s.value > 0


SPEC = Spec(
    name="register",
    doc="A register that is read, written, and compared and set.",
    state=State,
    initial=initial,
    actions=(write, read, compare_and_set),
    bounds=(VALUES,),
    reachable=(two_values_in_turn,),
)
