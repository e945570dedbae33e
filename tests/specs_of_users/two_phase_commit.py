"""Two-phase commit: resource managers agree to commit a transaction or to abort it, through a transaction manager.

What is modelled: the state of each resource manager; the transaction manager and whom it has heard of as prepared;
messages, as a set that only grows, so that they may be lost, late or repeated.

Source: Gray and Lamport, Consensus on Transaction Commit (2006), section 4; Lamport's TwoPhase in TLA+.
Left out: crashes, and the timeouts after which a manager aborts of its own accord (it may do so at any time).
"""

from __future__ import annotations

from specs.language import Array, Bool, Id, Int, Nested, Record, SetOf, Spec, action, bound, contains, count, insert

RESOURCE_MANAGERS = bound("resource_managers", 3, low=1, high=12, doc="participants of the transaction")
RM = Id("resource_manager", RESOURCE_MANAGERS)

WORKING, PREPARED, COMMITTED, ABORTED = range(4)


class TransactionManager(Record):
    """It waits (WORKING) until it decides; `prepared` are the resource managers that it has heard of."""

    state = Int(WORKING, ABORTED)
    prepared = SetOf(RM)


class State(Record):
    """The managers, and the messages ever sent."""

    managers = Array(Int(WORKING, ABORTED), RM)
    transaction_manager = Nested(TransactionManager)
    prepared_sent = SetOf(RM)
    commit_sent = Bool()
    abort_sent = Bool()


def initial(s: State) -> None:
    """Everyone works on the transaction; nothing was sent."""


@action()
def transaction_manager_commit(s: State) -> bool:
    """Everyone is known to be prepared."""
    if s.transaction_manager.state != WORKING or count(s.transaction_manager.prepared) < RESOURCE_MANAGERS:
        return False
    s.transaction_manager.state = COMMITTED
    s.commit_sent = True
    return True


@action()
def transaction_manager_abort(s: State) -> bool:
    """The transaction manager may abort for any reason as long as it has not decided."""
    if s.transaction_manager.state != WORKING:
        return False
    s.transaction_manager.state = ABORTED
    s.abort_sent = True
    return True


@action(manager=RM)
def transaction_manager_receive_prepared(s: State, manager: int) -> bool:
    """It hears that a resource manager is prepared, the first time or again."""
    if s.transaction_manager.state != WORKING or not contains(s.prepared_sent, manager):
        return False
    s.transaction_manager.prepared = insert(s.transaction_manager.prepared, manager)
    return True


@action(manager=RM)
def prepare(s: State, manager: int) -> bool:
    """A resource manager promises to obey, and can't abort by itself from here on."""
    if s.managers[manager] != WORKING:
        return False
    s.managers[manager] = PREPARED
    s.prepared_sent = insert(s.prepared_sent, manager)
    return True


@action(manager=RM)
def choose_to_abort(s: State, manager: int) -> bool:
    """A resource manager that has promised nothing aborts."""
    if s.managers[manager] != WORKING:
        return False
    s.managers[manager] = ABORTED
    return True


@action(manager=RM)
def receive_commit(s: State, manager: int) -> bool:
    """A resource manager obeys, the first time or again."""
    if not s.commit_sent:
        return False
    s.managers[manager] = COMMITTED
    return True


@action(manager=RM)
def receive_abort(s: State, manager: int) -> bool:
    """A resource manager obeys, the first time or again."""
    if not s.abort_sent:
        return False
    s.managers[manager] = ABORTED
    return True


def consistency(s: State) -> bool:
    """No resource manager has committed while another has aborted."""
    return all(
        not (s.managers[a] == COMMITTED and s.managers[b] == ABORTED)
        for a in range(RESOURCE_MANAGERS)
        for b in range(RESOURCE_MANAGERS)
    )


def all_committed(s: State) -> bool:
    """The transaction has taken place."""
    return all(s.managers[m] == COMMITTED for m in range(RESOURCE_MANAGERS))


def all_aborted(s: State) -> bool:
    """The transaction has not taken place, and never will."""
    return all(s.managers[m] == ABORTED for m in range(RESOURCE_MANAGERS))


SPEC = Spec(
    name="two_phase_commit",
    doc="Resource managers commit or abort a transaction together.",
    state=State,
    initial=initial,
    actions=(
        transaction_manager_commit,
        transaction_manager_abort,
        transaction_manager_receive_prepared,
        prepare,
        choose_to_abort,
        receive_commit,
        receive_abort,
    ),
    bounds=(RESOURCE_MANAGERS,),
    invariants=(consistency,),
    reachable=(all_committed, all_aborted),
    columns="managers",
)
