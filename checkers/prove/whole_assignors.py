"""Proofs of whole assignors: Kafka's names for them, the code that has them, groups of which little is known.

Each assignor is run as it is on every path that subscriptions, former owners and generations leave, and so is every
promise of `checkers.assignments.exhaustive`, which judges what comes out; a promise that asks for other orders of the
members runs the assignor again for all of them. Numbers of members and partitions are known and small. What holds for
any number of them is proved of parts of the code (`checkers.prove.assignors`, `checkers.prove.stickiness`).

How far it goes: nobody's former ownership matters to range and round robin, so 5 members and 6 partitions take 1,024
paths. The others have a path for each former owner of each partition: 4 members of 6 partitions would be a million.

Where claims are of any generations, less is promised than elsewhere, as Apache Kafka's own algorithms do no better:
- Cooperative hands a partition over at once to a member that claims it, as of whatever generation, while another owns
  it, if subscriptions differ. So any claims are proved for equal subscriptions; otherwise nothing is claimed twice.
- Sticky lets what two claim as of one generation go even if a third claims it as of a later one, depending on the
  order in which they come. So three members' claims are proved where no two are as of one generation.
- Sticky takes leading members without topics for subscribers of everything. So everyone subscribes to something.

Source: ASSIGN-1 to ASSIGN-5 of `specs.guarantees`; `model.group`.
Left out: user data of members; racks in all but range, and in sticky as far as ASSIGN-1, ASSIGN-2 and ASSIGN-4 go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from checkers.assignments.exhaustive import PROMISES
from checkers.prove.broken_assignors import MUTANTS, Mutant
from checkers.prove.claims import Claim, proved
from checkers.prove.groups import Former, Unknown
from checkers.prove.proof import Proof, Proved
from checkers.prove.replaced import replaced
from model.group import assignors


@dataclass(frozen=True, slots=True)
class Part:
    """Groups that an assignor is proved for, and the promises that it keeps for them; none named are all it has."""

    groups: Unknown
    promises: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.groups}{' (' if self.promises else ''}{', '.join(self.promises)}{')' if self.promises else ''}"

    def claim(self, name: str) -> Claim:
        """That an assignor keeps them, whatever the group."""
        return Claim(f"{name}, {self}", partial(keeps_promises, name, self), self.groups.assumed())


def keeps_promises(name: str, part: Part) -> bool:
    """Run the assignor on the group of a path, and see whether it keeps every promise."""
    group, assignor = part.groups.group(), assignors.ASSIGNORS[name]
    assignment = assignor(group)
    kept = [PROMISES[name][promise] for promise in part.promises or PROMISES[name]]
    return not any(promise(assignor, group, assignment) for promise in kept)


def broken_claim(mutant: Mutant) -> Claim:
    """That the assignor keeps a promise with a mutant in it, which is false."""
    former = Former.ONE if mutant.assignor in OWNERS_MATTER else Former.NOTHING
    part = Part(Unknown(2, mutant.partitions, former), (mutant.breaks,))

    def says() -> bool:
        with replaced(mutant.place, mutant.instead):
            return keeps_promises(mutant.assignor, part)

    return Claim(f"{mutant.breaks}, {part.groups}", says, part.groups.assumed())


def prove_assignor(name: str, parts: Sequence[Part], more: Sequence[Part], *, deep: bool) -> Proved:
    """All parts, deep with more of them; the controls are all mutants of the assignor."""
    broken = [(m.instead.__name__, broken_claim(m)) for m in MUTANTS if m.assignor == name]
    return proved([part.claim(name) for part in (*parts, *(more if deep else ()))], broken)


OWNERS_MATTER = ("sticky", "cooperative-sticky", "server-uniform")
NEAR = ("ASSIGN-1", "ASSIGN-2", "ASSIGN-4")
"""What sticky promises where racks matter: it moves partitions to members that are near."""

FOUR_MEMBERS = Part(Unknown(4, (3, 3), Former.ANY, idle=True))
FIVE_MEMBERS = Part(Unknown(5, (3, 3), Former.ANY, idle=True))
STATIC_MEMBERS = Part(Unknown(3, (2, 1), instances=True))
THREE_MEMBERS = Part(Unknown(3, (1, 1), Former.ONE))

PARTS = {
    "range": ([FOUR_MEMBERS, STATIC_MEMBERS, Part(Unknown(2, (2,), racks=True))], [FIVE_MEMBERS]),
    "roundrobin": ([FOUR_MEMBERS, STATIC_MEMBERS], [FIVE_MEMBERS]),
    "server-range": ([FOUR_MEMBERS, STATIC_MEMBERS], [FIVE_MEMBERS]),
    "sticky": (
        [Part(Unknown(2, (2, 2), Former.ONE)), THREE_MEMBERS, Part(Unknown(2, (2,), Former.ANY))],
        [
            Part(Unknown(3, (2, 1), Former.ONE)),
            Part(Unknown(3, (2, 2), Former.ONE)),
            Part(Unknown(4, (1, 1), Former.ONE)),
            Part(Unknown(2, (1, 1), Former.ANY)),
            Part(Unknown(3, (2,), Former.ORDERLY)),
            Part(Unknown(2, (2,), Former.ONE, racks=True), NEAR),
        ],
    ),
    "cooperative-sticky": (
        [Part(Unknown(2, (2, 1), Former.ONE)), THREE_MEMBERS, Part(Unknown(2, (1, 1), Former.ANY, equal=True))],
        [
            Part(Unknown(2, (2, 2), Former.ONE)),
            Part(Unknown(3, (2, 1), Former.ONE)),
            Part(Unknown(3, (2, 2), Former.ONE)),
            Part(Unknown(4, (1, 1), Former.ONE)),
            Part(Unknown(2, (2, 1), Former.ANY, equal=True)),
        ],
    ),
    "server-uniform": (
        [Part(Unknown(2, (2, 1), Former.ONE, idle=True)), THREE_MEMBERS],
        [
            Part(Unknown(2, (2, 2), Former.ONE, idle=True)),
            Part(Unknown(3, (2, 1), Former.ONE, idle=True)),
            Part(Unknown(3, (2, 2), Former.ONE)),
            Part(Unknown(4, (1, 1), Former.ONE)),
        ],
    ),
}
"""The groups of each assignor, and those besides of a deep run."""


def bounds_of(parts: Sequence[Part]) -> dict[str, int | str]:
    """The groups, as the command line shows them."""
    return {"members x partitions of each topic": "; ".join(str(part) for part in parts)}


def proof_of(name: str, statement: str, guarantees: tuple[str, ...]) -> Proof:
    """The proof of one assignor."""
    parts, more = PARTS[name]
    run = partial(prove_assignor, name, parts, more)
    proof = f"assignor_{name.replace('-', '_')}"
    return Proof(proof, guarantees, statement, bounds_of(parts), run, bounds_deep=bounds_of([*parts, *more]))


PROOFS = (
    proof_of(
        "range",
        "`assign_range` as a whole: one owner, who subscribes; shares of a topic within one; the same in any order.",
        ("ASSIGN-1", "ASSIGN-2", "ASSIGN-4"),
    ),
    proof_of(
        "roundrobin",
        "`assign_round_robin` as a whole: one owner, who subscribes; loads within one where all subscribe to the same; "
        "the same in any order.",
        ("ASSIGN-1", "ASSIGN-2", "ASSIGN-4"),
    ),
    proof_of(
        "server-range",
        "`assign_server_range` as a whole: one owner, who subscribes; shares of a topic within one; the same in any "
        "order.",
        ("ASSIGN-1", "ASSIGN-2", "ASSIGN-4"),
    ),
    proof_of(
        "sticky",
        "`assign_sticky` as a whole: one owner, who subscribes; where all subscribe to the same, loads within one and "
        "no move but those that takes; elsewhere nothing moves if all is balanced; the same in any order.",
        ("ASSIGN-1", "ASSIGN-2", "ASSIGN-3", "ASSIGN-4"),
    ),
    proof_of(
        "cooperative-sticky",
        "`assign_cooperative_sticky` as a whole: nothing goes to a member while another owns it, and once that has "
        "given it up nothing is withheld; no two owners; the same in any order.",
        ("ASSIGN-1", "ASSIGN-4", "ASSIGN-5"),
    ),
    proof_of(
        "server-uniform",
        "`assign_uniform` as a whole: one owner, who subscribes; loads within one where all subscribe to the same; "
        "elsewhere nothing moves if all is balanced.",
        ("ASSIGN-1", "ASSIGN-2", "ASSIGN-3"),
    ),
)
