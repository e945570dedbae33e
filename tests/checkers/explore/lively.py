"""Small specs with planted liveness properties: what holds only under strong fairness, what a starved action breaks."""

from __future__ import annotations

from specs.language import Array, Bool, Eventually, Fair, Id, Int, Record, SetOf, Spec, action

# ------------------------------------------------------------------------------------------- a lamp that may burn out


class Lamp(Record):
    """Dark, lit, or out for good."""

    at = Int(0, 2)


DARK, LIT, OUT = range(3)


def dark(s: Lamp) -> None:
    """It starts dark."""


@action()
def switch_on(s: Lamp) -> bool:
    """Dark to lit."""
    if s.at != DARK:
        return False
    s.at = LIT
    return True


@action()
def switch_off(s: Lamp) -> bool:
    """Lit to dark."""
    if s.at != LIT:
        return False
    s.at = DARK
    return True


@action()
def burn_out(s: Lamp) -> bool:
    """A lit lamp burns out, for good."""
    if s.at != LIT:
        return False
    s.at = OUT
    return True


@action()
def look(s: Lamp) -> bool:
    """Changes nothing: a stutter."""
    return s.at != OUT


def is_out(s: Lamp) -> bool:
    """The lamp is out."""
    return s.at == OUT


def is_lit(s: Lamp) -> bool:
    """The lamp is lit."""
    return s.at == LIT


def is_dark(s: Lamp) -> bool:
    """The lamp is dark."""
    return s.at == DARK


def is_green(s: Lamp) -> bool:
    """Never true."""
    return s.at > OUT


def asserts_dark(s: Lamp) -> bool:
    """Has a finding once the lamp is lit."""
    assert s.at == DARK
    return True


SWITCHED = (Fair((switch_on,)), Fair((switch_off, burn_out)))
LAMP = Spec(
    "lamp",
    "A lamp that may burn out.",
    Lamp,
    dark,
    (switch_on, switch_off, burn_out, look),
    invariants=(),
    liveness=(
        Eventually("out_strong", is_out, (*SWITCHED, Fair((burn_out,), strong=True))),
        Eventually("out_weak", is_out, (*SWITCHED, Fair((burn_out,)))),
        Eventually("out_unfair", is_out, ()),
        Eventually("out_by_looking", is_out, (Fair((look,), strong=True),)),
        Eventually("lit_leads_to_out_strong", is_out, (Fair((switch_on,)), Fair((burn_out,), strong=True)), is_lit),
        Eventually("lit_leads_to_out", is_out, SWITCHED, is_lit),
        Eventually("lit_leads_to_dark", is_dark, SWITCHED, is_lit),
        Eventually("dark_leads_to_lit", is_lit, (Fair((switch_on,)),), is_dark),
        Eventually("green_leads_to_out", is_out, (), is_green),
        Eventually("lit_again_and_again", is_lit, (Fair((switch_on, switch_off), strong=True),)),
    ),
)

# ------------------------------------------------------------------------------ workers, one of whom may be passed over

WORKER = Id("worker", 2)


class Work(Record):
    """Whether each worker's lever is up, and whether it was ever moved; nobody is ever absent."""

    absent = SetOf(WORKER)
    up = Array(Bool(), WORKER)
    moved = Array(Bool(), WORKER)


def at_rest(s: Work) -> None:
    """No lever was moved."""


@action(worker=WORKER)
def move(s: Work, worker: int) -> bool:
    """A worker moves a lever up or down."""
    s.up[worker] = not s.up[worker]
    s.moved[worker] = True
    return True


def all_moved(s: Work) -> bool:
    """Every worker has moved its lever."""
    return all(s.moved[w] for w in range(2))


def no_lever_down_after_move(s: Work) -> bool:
    """Broken after two steps."""
    return all(s.up[w] or not s.moved[w] for w in range(2))


WORK = Spec(
    "work",
    "Two workers with levers.",
    Work,
    at_rest,
    (move,),
    invariants=(no_lever_down_after_move,),
    liveness=(
        Eventually("moved_together", all_moved, (Fair((move,)),)),
        Eventually("moved_each", all_moved, (Fair((move,), each=True),)),
    ),
)
