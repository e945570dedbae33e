"""Explore a spec: search it and say what was found."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from checkers.clock import now
from checkers.explore.checkpoint import Checkpoint
from checkers.explore.compile import compile_spec
from checkers.explore.generate import Options
from checkers.explore.memory import peak_rss_bytes
from checkers.explore.outcome import Exploration, SearchOptions
from checkers.explore.predecessors import chain_by_search
from checkers.explore.properties import Properties, choose
from checkers.explore.search import Broken, Search, decide_symmetry
from checkers.explore.task import canonical
from checkers.explore.trace import chain, violation
from checkers.refinement.steps import RefinementCheck
from checkers.verdict import Holds, Run, Unknown, Verdict, Violated
from specs.instance import Instance
from specs.language import evaluate


def explore(instance: Instance, options: SearchOptions | None = None) -> Exploration:
    """Search every reachable state, or up to the first violation. Raises UserError for an unknown property."""
    return explored(instance, options or SearchOptions())[1]


def explored(instance: Instance, options: SearchOptions) -> tuple[Search, Exploration]:
    """The same, with the search itself, whose store still holds the states."""
    properties = choose(instance, options.properties)
    symmetric, notes = decide_symmetry(instance, options.symmetric)
    started = now()
    compiled = compile_spec(instance, Options(symmetric=symmetric, refinements=bool(properties.refinements)))
    search = Search(properties, compiled, options)
    search.warm_up()
    compile_seconds = now() - started
    if options.checkpoint is not None:
        Checkpoint(search, options.checkpoint).attach()
    started = now()
    verdict = initial_refinement(properties) or conclude(search, search.run())
    exploration = Exploration(
        verdict=verdict,
        distinct_states=search.store.count,
        transitions=int(search.counters.fired.sum()),
        max_depth=search.counters.depth,
        fired=fired_by_action(search),
        reached=reached(search),
        symmetric=symmetric,
        properties=properties.names,
        seconds=now() - started,
        compile_seconds=compile_seconds,
        peak_rss_bytes=peak_rss_bytes(),
        miss_probability=search.store.miss_probability(),
        notes=notes,
    )
    return search, exploration


def initial_refinement(properties: Properties) -> Violated | None:
    """The first initial state that maps to no initial state of an upper spec."""
    instance = properties.instance
    for refinement in instance.spec.refines:
        if refinement.name in properties.refinements:
            check = RefinementCheck(instance, refinement)
            for state in instance.initial_states():
                if not check.initial_allowed(state):
                    return Violated(refinement.name, Run(state, ()), "an initial state maps to no initial state")
    return None


def conclude(search: Search, result: Broken | Unknown | None) -> Verdict:
    """The verdict that a search's end amounts to."""
    if isinstance(result, Unknown):
        return result
    if result is None:
        vacuous = vacuity(search)
        return Unknown(vacuous) if vacuous else Holds()
    task = search.tasks[0]
    if search.options.hash_bits:
        chain_of_words = chain_by_search(partial(bare_search, search), result.words, result.depth)
    else:
        chain_of_words = chain(search.store, result.number)
    return violation(search, result, chain_of_words, partial(canonical, search.compiled, task))


def bare_search(search: Search) -> Search:
    """The same search, checking nothing."""
    nothing = Properties(search.instance, (), (), ())
    return Search(nothing, search.compiled, replace(search.options, checkpoint=None, progress=None, deadlock=False))


def fired_by_action(search: Search) -> dict[str, int]:
    """How often each action of the variant was taken."""
    return {a.name: int(n) for a, n in zip(search.instance.actions, search.counters.fired, strict=True)}


def reached(search: Search) -> dict[str, int | None]:
    """How soon each `reachable` predicate was met."""
    return {p.__name__: search.counters.met.get(k) for k, p in enumerate(search.instance.spec.reachable)}


def ruled_out(instance: Instance) -> frozenset[str]:
    """The actions and predicates that the spec says can't be at these bounds."""
    return frozenset(f.__name__ for f, limit in instance.spec.needs if evaluate(limit, instance.bounds) == 0)


def vacuity(search: Search) -> str | None:
    """Why a search in which nothing was broken shows less than it seems to; None if it is sound."""
    excused = ruled_out(search.instance)
    idle = [name for name, count in fired_by_action(search).items() if not count and name not in excused]
    unmet = [name for name, depth in reached(search).items() if depth is None and name not in excused]
    reasons = [f"these actions never fire: {', '.join(idle)}"] if idle else []
    reasons += [f"these predicates are never met: {', '.join(unmet)}"] if unmet else []
    return f"vacuous at these bounds: {'; '.join(reasons)}" if reasons else None
