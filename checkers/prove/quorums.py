"""Quorums for every cluster size: majorities meet, one voter more or less keeps that, and a term has one leader.

Cardinality is what Z3 has no theory of. It comes in by induction over the voters, one after the other: Z3 is asked
whether what is used of it holds of no voters and is kept by one voter more, whichever sets that one is in. From that
and from the majorities it must follow that some voter is in both, for two quorums, and for all quorums of a cluster.
The election is then proved with sorts that nothing is known of, so with any number of voters, epochs and candidates; of
a quorum it knows only that very formula. What is not put to Z3 is the principle of induction.

Source: Gifford, Weighted Voting for Replicated Data (1979), for quorum intersection; Padon et al., Ivy (2016), and
Koenig et al., mypyvy, for elections over uninterpreted sorts; KIP-853 for reconfiguration by one voter at a time.
Left out: the fetch of the leader's log by voters (see the specs of the quorum), pre-vote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import z3

from checkers.clock import now
from checkers.prove.formulas import SEED
from checkers.prove.proof import NegativeControl, Proof, Proved
from checkers.verdict import VerdictName

RLIMIT = 20_000_000
Majority = Callable[[z3.ArithRef, z3.ArithRef], z3.BoolRef]
"""Whether so many votes of so many voters elect."""


def is_majority(votes: z3.ArithRef, voters: z3.ArithRef) -> z3.BoolRef:
    """More than half."""
    return 2 * votes > voters


def is_half(votes: z3.ArithRef, voters: z3.ArithRef) -> z3.BoolRef:
    """Half is enough: the mistake that two halves of an even cluster make."""
    return 2 * votes >= voters


VOTER, QUORUM = z3.DeclareSort("Voter"), z3.DeclareSort("Quorum")
MEMBER = z3.Function("member", VOTER, QUORUM, z3.BoolSort())
NUMBERED = z3.Function("numbered", z3.IntSort(), VOTER)
"""The voters in some order, from 0."""
COUNT = z3.Function("count", QUORUM, z3.IntSort(), z3.IntSort())
"""How many of the first so many voters are in a quorum."""
BOTH = z3.Function("both", QUORUM, QUORUM, z3.IntSort(), z3.IntSort())
"""How many of them are in two quorums."""
FIRST, SECOND = z3.Consts("q r", QUORUM)
SOME_VOTER = z3.Const("v", VOTER)
VOTERS, SO_FAR = z3.Ints("voters so_far")


def share_a_voter(first: z3.ExprRef, second: z3.ExprRef) -> z3.BoolRef:
    """That some voter is in both."""
    return z3.Exists([SOME_VOTER], z3.And(MEMBER(SOME_VOTER, first), MEMBER(SOME_VOTER, second)))


def is_counted(first: z3.ExprRef, second: z3.ExprRef, voters: z3.ArithRef) -> z3.BoolRef:
    """What is used of cardinality: |A| + |B| <= n + |A and B|, and whoever was counted in both is a voter in both."""
    both = BOTH(first, second, voters)
    overlap = COUNT(first, voters) + COUNT(second, voters) <= voters + both
    return z3.And(overlap, z3.Implies(both > 0, share_a_voter(first, second)))


def counting_questions() -> list[tuple[str, z3.BoolRef]]:
    """That what is used of cardinality holds of no voters, and is kept by one voter more, for any two quorums."""
    none, more = z3.IntVal(0), SO_FAR + 1
    nothing = z3.And(COUNT(FIRST, none) == 0, COUNT(SECOND, none) == 0, BOTH(FIRST, SECOND, none) == 0)
    in_first, in_second = (MEMBER(NUMBERED(SO_FAR), quorum) for quorum in (FIRST, SECOND))
    one_more = z3.And(
        COUNT(FIRST, more) == COUNT(FIRST, SO_FAR) + z3.If(in_first, 1, 0),
        COUNT(SECOND, more) == COUNT(SECOND, SO_FAR) + z3.If(in_second, 1, 0),
        BOTH(FIRST, SECOND, more) == BOTH(FIRST, SECOND, SO_FAR) + z3.If(z3.And(in_first, in_second), 1, 0),
    )
    kept = z3.Implies(is_counted(FIRST, SECOND, SO_FAR), is_counted(FIRST, SECOND, more))
    return [
        ("counted at first", z3.And(nothing, z3.Not(is_counted(FIRST, SECOND, none)))),
        ("counted with one voter more", z3.And(SO_FAR >= 0, one_more, z3.Not(kept))),
    ]


def intersection(elects: Majority, added: int) -> z3.BoolRef:
    """Two quorums share a voter, the second of a cluster that has so many voters more than the first's.

    The voters are those of the larger cluster; the first quorum has none of those that were added.
    """
    known = z3.And(1 + added <= VOTERS, is_counted(FIRST, SECOND, VOTERS))
    elected = z3.And(elects(COUNT(FIRST, VOTERS), VOTERS - added), elects(COUNT(SECOND, VOTERS), VOTERS))
    return z3.Implies(z3.And(known, elected), share_a_voter(FIRST, SECOND))


def any_two_share_a_voter() -> z3.BoolRef:
    """What elections need of quorums."""
    return z3.ForAll([FIRST, SECOND], share_a_voter(FIRST, SECOND))


def quorums_by_count(elects: Majority) -> z3.BoolRef:
    """Where every quorum is as large as that, and voters are counted as proved, any two share a voter."""
    large = z3.ForAll([FIRST], elects(COUNT(FIRST, VOTERS), VOTERS))
    counted = z3.ForAll([FIRST, SECOND], is_counted(FIRST, SECOND, VOTERS))
    return z3.Implies(z3.And(VOTERS >= 1, large, counted), any_two_share_a_voter())


# --------------------------------------------------------------------------------------------------------- the election


class Election:
    """A vote-once election over sorts of any size: votes are cast, and a quorum of them makes a leader.

    Each relation has a name in a state; `primed` ones are of the state after a step.
    """

    def __init__(self, *, votes_once: bool = True, quorums_meet: bool = True) -> None:
        """Either rule can be switched off."""
        self.votes_once, self.quorums_meet = votes_once, quorums_meet
        self.voter, self.epoch, self.quorum = VOTER, z3.DeclareSort("Epoch"), QUORUM
        self.member = MEMBER
        sorts = (self.voter, self.epoch, self.voter, z3.BoolSort())
        self.vote, self.vote_after = z3.Function("vote", *sorts), z3.Function("vote'", *sorts)
        leads = (self.epoch, self.voter, z3.BoolSort())
        self.leads, self.leads_after = z3.Function("leads", *leads), z3.Function("leads'", *leads)
        elected_by = (self.epoch, self.voter, self.quorum)
        self.elected_by = z3.Function("elected_by", *elected_by)
        self.elected_by_after = z3.Function("elected_by'", *elected_by)
        self.voters = z3.Consts("v w", self.voter)
        self.candidates = z3.Consts("c d", self.voter)
        self.epochs = z3.Consts("e f", self.epoch)

    def axioms(self) -> list[z3.BoolRef]:
        """Two quorums share a voter."""
        return [any_two_share_a_voter()] if self.quorums_meet else []

    def voted_once(self, *, after: bool) -> z3.BoolRef:
        """A voter gives an epoch's vote to one candidate."""
        vote = self.vote_after if after else self.vote
        (v, _), (c, d), (e, _) = self.voters, self.candidates, self.epochs
        return z3.ForAll([v, e, c, d], z3.Implies(z3.And(vote(v, e, c), vote(v, e, d)), c == d))

    def leaders_have_quorums(self, *, after: bool) -> z3.BoolRef:
        """For a leader of an epoch a whole quorum has voted."""
        vote, leads = (self.vote_after, self.leads_after) if after else (self.vote, self.leads)
        elected_by = self.elected_by_after if after else self.elected_by
        (v, _), (c, _), (e, _) = self.voters, self.candidates, self.epochs
        voted = z3.Implies(z3.And(leads(e, c), self.member(v, elected_by(e, c))), vote(v, e, c))
        return z3.ForAll([v, e, c], voted)

    def one_leader_an_epoch(self) -> z3.BoolRef:
        """What is promised: QUO-1."""
        (c, d), (e, _) = self.candidates, self.epochs
        return z3.ForAll([e, c, d], z3.Implies(z3.And(self.leads(e, c), self.leads(e, d)), c == d))

    def nothing_yet(self) -> z3.BoolRef:
        """The initial state."""
        (v, _), (c, _), (e, _) = self.voters, self.candidates, self.epochs
        return z3.ForAll([v, e, c], z3.And(z3.Not(self.vote(v, e, c)), z3.Not(self.leads(e, c))))

    def cast_vote(self) -> z3.BoolRef:
        """A voter that has not voted in an epoch votes for a candidate."""
        (_, w), (c, d), (e, f) = self.voters, self.candidates, self.epochs
        voter, candidate = z3.Consts("voter candidate", self.voter)
        epoch = z3.Const("epoch", self.epoch)
        free = z3.ForAll([d], z3.Not(self.vote(voter, epoch, d)))
        cast = z3.And(w == voter, f == epoch, c == candidate)
        changed = z3.ForAll([w, f, c], self.vote_after(w, f, c) == z3.Or(self.vote(w, f, c), cast))
        same = z3.ForAll([e, c], z3.And(self.leads_after(e, c) == self.leads(e, c), self.same_quorum(e, c)))
        return z3.And(*([free] if self.votes_once else []), changed, same)

    def become_leader(self) -> z3.BoolRef:
        """A candidate that a quorum has voted for leads."""
        (v, _), (c, _), (e, _) = self.voters, self.candidates, self.epochs
        candidate, epoch = z3.Const("candidate", self.voter), z3.Const("epoch", self.epoch)
        quorum = z3.Const("quorum", self.quorum)
        elected = z3.ForAll([v], z3.Implies(self.member(v, quorum), self.vote(v, epoch, candidate)))
        here = z3.And(e == epoch, c == candidate)
        leads = z3.ForAll([e, c], self.leads_after(e, c) == z3.Or(self.leads(e, c), here))
        by = self.elected_by_after(e, c) == z3.If(here, quorum, self.elected_by(e, c))
        kept = z3.ForAll([v, e, c], self.vote_after(v, e, c) == self.vote(v, e, c))
        return z3.And(elected, leads, z3.ForAll([e, c], by), kept)

    def same_quorum(self, epoch: z3.ExprRef, candidate: z3.ExprRef) -> z3.BoolRef:
        """That who elected a leader stays."""
        return self.elected_by_after(epoch, candidate) == self.elected_by(epoch, candidate)

    def obligations(self) -> list[tuple[str, z3.BoolRef]]:
        """The induction: what must be unsatisfiable, each by name."""
        invariant = z3.And(self.voted_once(after=False), self.leaders_have_quorums(after=False))
        after = {
            "voted_once": self.voted_once(after=True),
            "leaders_have_quorums": self.leaders_have_quorums(after=True),
        }
        axioms = self.axioms()
        actions = {"cast_vote": self.cast_vote(), "become_leader": self.become_leader()}
        found = [("initial", z3.And(self.nothing_yet(), z3.Not(invariant)))]
        found += [
            (f"{action}: {name}", z3.And(*axioms, invariant, step, z3.Not(goal)))
            for action, step in actions.items()
            for name, goal in after.items()
        ]
        return [*found, ("one_leader_an_epoch", z3.And(*axioms, invariant, z3.Not(self.one_leader_an_epoch())))]


# ----------------------------------------------------------------------------------------------------------- the proofs


def answers(questions: Iterable[tuple[str, z3.BoolRef]]) -> list[tuple[str, z3.CheckSatResult]]:
    """What Z3 says of each formula that must be unsatisfiable."""
    found = []
    for name, formula in questions:
        solver = z3.Solver()
        solver.set("random_seed", SEED)
        solver.set("rlimit", RLIMIT)
        solver.add(formula)
        found.append((name, solver.check()))
    return found


def intersection_questions(elects: Majority, added: int) -> list[tuple[str, z3.BoolRef]]:
    """What is used of cardinality, and that quorums share a voter."""
    return [*counting_questions(), ("quorums share a voter", z3.Not(intersection(elects, added)))]


def election_questions(elects: Majority, election: Election) -> list[tuple[str, z3.BoolRef]]:
    """The same for all quorums of a cluster, in the words in which the election assumes it, and the election."""
    return [
        *counting_questions(),
        ("any two quorums share a voter", z3.Not(quorums_by_count(elects))),
        *election.obligations(),
    ]


def outcome(
    questions: list[tuple[str, z3.BoolRef]], controls: Sequence[tuple[str, list[tuple[str, z3.BoolRef]]]]
) -> Proved:
    """The verdict on questions, with controls, each of which must have one that Z3 can satisfy."""
    started = now()
    found = answers(questions)
    failing = [f"{name}: {answer}" for name, answer in found if answer != z3.unsat]
    verdict: VerdictName = (
        "holds" if not failing else "violated" if all(f.endswith(": sat") for f in failing) else "unknown"
    )
    checked = []
    for broken, broken_questions in controls:
        sat = [name for name, answer in answers(broken_questions) if answer == z3.sat]
        checked.append(NegativeControl(broken, bool(sat), ", ".join(sat)))
    return Proved(verdict, len(found), 0, now() - started, tuple(checked), "; ".join(failing))


def prove_intersection(*, deep: bool) -> Proved:
    """Two majorities of one cluster."""
    del deep
    return outcome(intersection_questions(is_majority, 0), [("half is enough", intersection_questions(is_half, 0))])


def prove_reconfiguration(*, deep: bool) -> Proved:
    """Majorities before and after one voter is added, or, read the other way, removed."""
    del deep
    controls = [
        ("two voters at a time", intersection_questions(is_majority, 2)),
        ("half is enough", intersection_questions(is_half, 1)),
    ]
    return outcome(intersection_questions(is_majority, 1), controls)


def prove_election(*, deep: bool) -> Proved:
    """One leader an epoch, from votes that are cast once and quorums that are majorities."""
    del deep
    controls = [
        ("a voter may vote again", election_questions(is_majority, Election(votes_once=False))),
        ("quorums need not meet", election_questions(is_majority, Election(quorums_meet=False))),
        ("half is enough", election_questions(is_half, Election())),
    ]
    return outcome(election_questions(is_majority, Election()), controls)


PROOFS = (
    Proof(
        "quorum_intersection",
        ("QUO-1",),
        "Any two majorities of a cluster share a voter.",
        {"voters": "any"},
        prove_intersection,
    ),
    Proof(
        "quorum_reconfiguration",
        ("QUO-4",),
        "A majority before and one after a voter is added or removed share a voter.",
        {"voters": "any"},
        prove_reconfiguration,
    ),
    Proof(
        "vote_once_election",
        ("QUO-1",),
        "Where each voter votes once an epoch and a majority elects, an epoch has one leader.",
        {"voters": "any", "epochs": "any", "candidates": "any"},
        prove_election,
    ),
)
