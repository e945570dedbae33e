"""What an operation's answers mean, one operation at a time."""

from __future__ import annotations

from systems.operations import Outcome, perform
from systems.plan import Micro, Operation
from systems.system import Client, ClientSettings
from tests.systems.toy_log import ToyLog

POLL = Operation("poll", (("poll",),))
SETTINGS = ClientSettings("c", "g", "all", True, 0, True, "read_committed", 100, 1.0)  # noqa: FBT003 - by position


def client_of(system: ToyLog, records: int = 0) -> Client:
    """A client that consumes k-0, which holds so many records."""
    client = system.client(SETTINGS)
    client.assign({"k-0": 0})
    client.send([("k-0", value) for value in range(records)])
    return client


def done(client: Client, operation: Operation) -> Outcome:
    return perform(client, operation, {}, 0.0)


def sends(count: int, function: str = "send", *, abort: bool = False) -> Operation:
    return Operation(function, tuple(("send", "k-0", value) for value in range(count)), abort=abort)


def test_what_an_aborted_transaction_polled_is_polled_again() -> None:
    client = client_of(ToyLog(), 2)
    polled = ["poll", {"k-0": [[0, 0], [1, 1]]}]
    assert Outcome("fail", [polled], "aborted") == done(client, Operation("txn", (("poll",),), abort=True))
    assert Outcome("ok", [polled]) == done(client, POLL)
    assert Outcome("ok", [["poll", {}]]) == done(client, POLL)


def test_a_send_is_fail_only_if_every_record_failed() -> None:
    ten = done(client_of(ToyLog("refuses")), sends(10))
    assert ("info", True, "MSG_SIZE_TOO_LARGE") == (ten.type, ten.renew, ten.error)
    assert ["send", "k-0", [None, 9]] == ten.value[-1]  # type: ignore[index]
    only = done(client_of(ToyLog("refuses"), 9), sends(1))
    assert ("fail", False) == (only.type, only.renew)


def test_a_transaction_that_cannot_send_is_aborted_and_says_what_it_knows() -> None:
    system = ToyLog("refuses")
    outcome = done(client_of(system), sends(10, "txn"))
    assert ("fail", "MSG_SIZE_TOO_LARGE") == (outcome.type, outcome.error)
    assert ["send", "k-0", [0, 0]] == outcome.value[0]  # type: ignore[index]
    assert [None] * 9 == system.logs["k-0"]


def test_neighbouring_sends_and_polls_keep_their_places() -> None:
    client = client_of(ToyLog(), 1)
    micro: tuple[Micro, ...] = (("send", "k-0", 7), ("send", "k-0", 8), ("poll",), ("send", "k-0", 9), ("commit",))
    outcome = done(client, Operation("txn", micro))
    first = [["send", "k-0", [1, 7]], ["send", "k-0", [2, 8]], ["poll", {"k-0": [[0, 0]]}]]
    assert Outcome("ok", [*first, ["send", "k-0", [3, 9]], ["commit", {"k-0": 1}]]) == outcome
    assert Outcome("ok", {"k-0": 1}) == done(client, Operation("fetch", keys=("k-0",)))


def test_a_poll_of_a_system_that_is_down_is_fail() -> None:
    system = ToyLog()
    client = client_of(system)
    system.down = True
    assert Outcome("fail", [["poll"]], "down") == done(client, POLL)


def test_assigned_keys_begin_where_they_were_or_at_the_beginning() -> None:
    client = client_of(ToyLog(), 3)
    perform(client, Operation("assign", keys=("k-0", "k-1")), {"k-0": 2}, 0.0)
    assert {"k-0": 2, "k-1": 0} == client.positions()
