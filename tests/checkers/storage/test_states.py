"""Names of states: equal for what goes on equally, different for all else."""

from __future__ import annotations

from checkers.simulate.disk import SimulatedDisk
from checkers.storage.crash_points import NO_STATE
from checkers.storage.operations import CONFIG, DIRECTORY, NOW, Operation, Program
from checkers.storage.programs import Writer
from checkers.storage.recovered import Recovery
from checkers.storage.states import fingerprint

APPEND, FLUSH, ROLL = Operation.APPEND, Operation.FLUSH, Operation.ROLL


def state(program: Program) -> bytes:
    """That of a disk and a log after a program."""
    disk = SimulatedDisk()
    writer = Writer(disk, Recovery(DIRECTORY, CONFIG, NOW))
    for operation in program:
        writer.do(operation)
    return fingerprint(disk, writer, ignored=NO_STATE)


def test_a_program_leads_to_one_state() -> None:
    assert state((APPEND, ROLL)) == state((APPEND, ROLL))


def test_what_is_flushed_and_what_is_not_are_two_states() -> None:
    assert 4 == len({state(program) for program in ((), (APPEND,), (APPEND, FLUSH), (APPEND, ROLL))})


def test_programs_of_several_lengths_lead_to_the_same_state() -> None:
    assert state((APPEND, Operation.REOPEN)) == state((APPEND, Operation.REOPEN, Operation.REOPEN))


class Node:
    """Refers to another one."""

    def __init__(self, name: str) -> None:
        self.name, self.other = name, self


def test_all_that_can_be_reached_counts_and_references_may_go_in_circles() -> None:
    one, other = Node("a"), Node("a")
    assert fingerprint(one) == fingerprint(other)
    one.other = Node("b")
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one, ignored=("other",)) == fingerprint(other, ignored=("other",))
    assert fingerprint(b"1") != fingerprint(1) != fingerprint((1,))
    assert fingerprint(bytearray(b"1")) == fingerprint(b"1")
    assert fingerprint({1, 2}) == fingerprint({2, 1}) != fingerprint([1, 2])
