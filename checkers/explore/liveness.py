"""Liveness under fairness: whether every fair behaviour of a finite spec always eventually meets a goal.

A property fails if a fair behaviour can stay where the goal does not hold: forever from some state on ("always
eventually"), or from a state on that meets the trigger ("leads to"). Such behaviours are looked for in the graph of
all reachable states: in the part where the goal fails (and that a trigger leads to), the largest fair components. The
counterexample is a lasso; `checkers.explore.lasso` says how short it is.

As in TLA+, a behaviour may always stutter: where no fair action is enabled, and everywhere without fairness, it may
stay forever. An action is enabled where it can change the state, and taken by any step that it allows.

Source: Lamport, Specifying Systems, chapter 8; Vardi and Wolper, An automata-theoretic approach to automatic program
verification (1986), for violations as cycles. See `checkers.explore.fair_components`.
Left out: symmetry (a fair cycle of renamed states need not be one of states); checking on the fly; other temporal
formulas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from checkers.clock import now
from checkers.explore.explore import vacuity
from checkers.explore.fair_components import Array, Fairness, Group, fair_components
from checkers.explore.graph import PredicateFault, StateGraph, graph_bytes, labels_of, search_for_graph, state_graph
from checkers.explore.lasso import Lasso, Search, shortest_lasso
from checkers.explore.memory import peak_rss_bytes, usable_bytes
from checkers.explore.outcome import Exploration, SearchOptions
from checkers.explore.search import Search as StateSearch
from checkers.explore.symmetry import symmetry_of
from checkers.explore.trace import faulty
from checkers.verdict import Holds, Run, Unknown, UserError, Verdict, Violated
from specs.instance import Instance
from specs.language import Eventually, Predicate

SYMMETRY_IS_OFF = "symmetry is off: liveness needs the steps between the states as they are"


@dataclass(frozen=True, slots=True)
class LivenessResult:
    """The verdict on each property, and what was looked at: the search, the graph (empty if the search did not end)."""

    verdicts: Mapping[str, Verdict]
    exploration: Exploration
    """The search that came first; its notes say why symmetry is off."""
    states: int
    edges: int
    """Steps that change the state; two steps between the same states are two."""
    seconds: float
    """For the graph and all properties, after the search; the first time with compiling."""
    peak_rss_bytes: int


def check_liveness(
    instance: Instance, names: tuple[str, ...] | None = None, options: SearchOptions | None = None
) -> LivenessResult:
    """Check the named liveness properties (None: all); `options` are those of the search, which checks others too.

    Unknown if the search did not get through: a limit, or another violation. Raises UserError for an unknown name and
    for a compact search.
    """
    options = options or SearchOptions()
    properties = chosen(instance, names)
    search, exploration = search_for_graph(instance, options)
    if options.symmetric is not False and symmetry_of(instance.struct).kinds:
        exploration = replace(exploration, notes=(*exploration.notes, SYMMETRY_IS_OFF))
    started = now()
    reason = obstacle(search, exploration)
    if reason is not None:
        verdicts: dict[str, Verdict] = {p.name: Unknown(reason) for p in properties}
        return LivenessResult(verdicts, exploration, 0, 0, now() - started, peak_rss_bytes())
    predicates = predicates_of(properties)
    graph = state_graph(search, predicates)
    verdicts = verdicts_on(graph, properties, predicates)
    return LivenessResult(
        verdicts, exploration, graph.graph.nodes, graph.graph.edges, now() - started, peak_rss_bytes()
    )


def chosen(instance: Instance, names: tuple[str, ...] | None) -> tuple[Eventually, ...]:
    """The named properties. Raises UserError for an unknown name."""
    spec = instance.spec
    known = [p.name for p in spec.liveness]
    for name in names or ():
        if name not in known:
            raise UserError(f"{spec.name} has no liveness property {name!r}; it has {', '.join(known) or 'none'}")
    return tuple(p for p in spec.liveness if names is None or p.name in names)


def obstacle(search: StateSearch, exploration: Exploration) -> str | None:
    """Why there is no graph of all reachable states; None if there is one. An action that never fires is none."""
    verdict = exploration.verdict
    if isinstance(verdict, Violated):
        return f"not checked: the search ended where {verdict.broken} is violated, before all states were found"
    if isinstance(verdict, Unknown) and verdict.reason != vacuity(search):
        return verdict.reason
    limit = search.options.memory_bytes if search.options.memory_bytes is not None else usable_bytes()
    needed = graph_bytes(search)
    if needed > limit:
        return (
            f"out of memory: the graph of {search.store.count} states needs {needed >> 20} MiB "
            f"and may take {limit >> 20}; try smaller bounds"
        )
    return None


def predicates_of(properties: tuple[Eventually, ...]) -> tuple[Predicate, ...]:
    """Goals and triggers, each once."""
    return tuple(dict.fromkeys(p for e in properties for p in (e.goal, e.trigger) if p is not None))


def verdicts_on(
    graph: StateGraph, properties: tuple[Eventually, ...], predicates: tuple[Predicate, ...]
) -> dict[str, Verdict]:
    """The verdict on each property. A predicate that meets a finding is the verdict on all."""
    try:
        bits = graph.holds()
    except PredicateFault as fault:
        violated = faulty_predicate(graph, predicates, fault.node)
        return {p.name: violated for p in properties}
    held = {predicate: (bits >> k & 1).astype(np.bool_) for k, predicate in enumerate(predicates)}
    return {p.name: verdict_on(graph, p, held) for p in properties}


def faulty_predicate(graph: StateGraph, predicates: tuple[Predicate, ...], node: int) -> Violated:
    """The finding that a predicate meets in a state, met again in plain Python."""
    spec = replace(graph.instance.spec, invariants=predicates, actions=())
    variant = replace(graph.instance.variant, replaces=(), adds=())
    return faulty(Instance(spec, graph.instance.bounds, variant), graph.run_to(node))


def verdict_on(graph: StateGraph, promise: Eventually, held: Mapping[Predicate, Array]) -> Verdict:
    """The verdict on one property, given where its predicates hold."""
    pending = ~held[promise.goal]
    reached = graph.graph.depths
    trigger = None
    if promise.trigger is not None:
        if not held[promise.trigger].any():
            return Unknown(f"vacuous at these bounds: the trigger {promise.trigger.__name__} is never met")
        trigger = held[promise.trigger] & pending
        sources = np.flatnonzero(trigger)
        sources = sources[np.argsort(reached[0][sources], kind="stable")]
        reached = graph.graph.distances(sources, reached[0][sources], pending)
        pending = reached[0] >= 0
    fairness = Fairness(graph.graph, groups_of(graph, promise))
    components, count = fair_components(graph.graph, fairness, pending)
    if not count:
        return Holds()
    lasso = shortest_lasso(Search(graph.graph, fairness, components, trigger, reached))
    return Violated(promise.name, run_of(graph, lasso), explanation(promise, lasso))


def groups_of(graph: StateGraph, promise: Eventually) -> list[Group]:
    """The fairness conditions of a property."""
    groups: list[Group] = []
    for fair in promise.fairness:
        labels = labels_of(graph, fair.actions)
        together = [(label,) for label in labels] if fair.each else [labels]
        groups += [Group(some, fair.strong) for some in together]
    return groups


def run_of(graph: StateGraph, lasso: Lasso) -> Run:
    """The run that a lasso stands for."""
    moments = tuple(graph.moment(e) for e in (*lasso.prefix, *lasso.cycle))
    return Run(graph.state(lasso.initial), moments, loop=len(lasso.prefix))


def explanation(promise: Eventually, lasso: Lasso) -> str:
    """In words."""
    ending = f"a cycle of {len(lasso.cycle)} steps" if lasso.cycle else "a stutter forever"
    goal = promise.goal.__name__
    return f"{ending}, fair as {promise.name} asks, in which {goal} never holds"
