"""A link carries bytes both ways, holds them back while it is cut, and gives them up when it is healed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread

import pytest

from checkers.verdict import UserError
from systems.proxy import Link, Switchboard
from systems.service import LOOPBACK, free_ports, need_free_port

SILENCE_SECONDS = 0.1


@contextmanager
def echo() -> Iterator[int]:
    """A server that sends back what it gets; its port."""
    with socket.create_server((LOOPBACK, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                Thread(target=answer, args=(connection,), daemon=True).start()

        Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def answer(connection: socket.socket) -> None:
    with closing(connection):
        while data := connection.recv(1024):
            connection.sendall(data)


@pytest.fixture
def linked() -> Iterator[tuple[Switchboard, Link]]:
    with echo() as target:
        link = Link(free_ports(1)[0], target)
        switchboard = Switchboard((link,))
        yield switchboard, link
        switchboard.close()


def connect(link: Link) -> socket.socket:
    return socket.create_connection((link.host, link.port), timeout=5)


def is_silent(client: socket.socket) -> bool:
    client.settimeout(SILENCE_SECONDS)
    try:
        return not client.recv(16)
    except TimeoutError:
        return True
    finally:
        client.settimeout(5)


def test_a_link_carries_both_ways(linked: tuple[Switchboard, Link]) -> None:
    with connect(linked[1]) as client:
        client.sendall(b"one")
        assert b"one" == client.recv(16)


def test_a_cut_holds_back_and_a_heal_delivers(linked: tuple[Switchboard, Link]) -> None:
    switchboard, link = linked
    with connect(link) as client:
        client.sendall(b"one")
        assert b"one" == client.recv(16)
        switchboard.cut(link)
        client.sendall(b"two")
        assert is_silent(client)
        switchboard.heal(link)
        assert b"two" == client.recv(16)


def test_new_connections_wait_for_the_heal(linked: tuple[Switchboard, Link]) -> None:
    switchboard, link = linked
    switchboard.cut(link)
    with connect(link) as client:
        client.sendall(b"one")
        assert is_silent(client)
        switchboard.heal_all()
        assert b"one" == client.recv(16)


def test_a_cut_link_leaves_others_alone() -> None:
    with echo() as target:
        links = tuple(Link(port, target) for port in free_ports(2))
        with closing(Switchboard(links)) as switchboard:
            switchboard.cut(links[0])
            with connect(links[1]) as client:
                client.sendall(b"one")
                assert b"one" == client.recv(16)


def test_when_the_server_ends_so_does_the_connection(linked: tuple[Switchboard, Link]) -> None:
    with connect(linked[1]) as client:
        client.shutdown(socket.SHUT_WR)
        assert b"" == client.recv(16)


def test_closing_ends_connections_also_cut_ones_and_frees_the_port(linked: tuple[Switchboard, Link]) -> None:
    switchboard, link = linked
    with connect(link) as client:
        client.sendall(b"one")
        assert b"one" == client.recv(16)
        switchboard.cut(link)
        switchboard.close()
        switchboard.close()
        assert b"" == client.recv(16)
    need_free_port(link.port, "the next")


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} of 127.0.0.1 is not free for a proxy .*in use"):
            Switchboard((Link(port, 1),))


def test_free_ports_are_distinct() -> None:
    assert 20 == len(set(free_ports(20)))
