"""A TCP proxy on loopback that can be cut and healed: how a node is cut off from others without any rights.

A cut drops nothing and closes nothing: what is sent meanwhile is held back and arrives after the heal, and new
connections wait, as behind a switch that loses packets for a while. So requests of before the cut can arrive late,
which is what fencing has to withstand. All proxies of a system share one thread.

Left out: cuts of one direction, delays, loss by the packet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from threading import Event as Flag
from threading import Thread

from systems.service import LOOPBACK, need_free_port

CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Link:
    """Where a proxy listens, and the port of loopback that it leads to."""

    port: int
    target: int
    host: str = LOOPBACK


class Switchboard:
    """The proxies of a system, one for each link. Raises UserError if a port is taken."""

    def __init__(self, links: tuple[Link, ...]) -> None:
        for link in links:
            need_free_port(link.port, "a proxy", link.host)
        self._loop = asyncio.new_event_loop()
        self._open: dict[Link, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._thread = Thread(target=self._loop.run_forever, name="switchboard", daemon=True)
        self._thread.start()
        self._wait(self._listen(links))

    def cut(self, link: Link) -> None:
        """Hold back everything that goes through a link, in both directions."""
        self._set(link, healed=False)

    def heal(self, link: Link) -> None:
        """Let it through again, first what was held back."""
        self._set(link, healed=True)

    def heal_all(self) -> None:
        """Heal every link."""
        for link in self._open:
            self.heal(link)

    def close(self) -> None:
        """Close every connection and stop listening; once is enough."""
        if self._loop.is_closed():
            return
        self._wait(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _set(self, link: Link, *, healed: bool) -> None:
        """Returns once it is so."""
        done = Flag()

        def change() -> None:
            if healed:
                self._open[link].set()
            else:
                self._open[link].clear()
            done.set()

        self._loop.call_soon_threadsafe(change)
        done.wait()

    async def _listen(self, links: tuple[Link, ...]) -> None:
        for link in links:
            gate = self._open[link] = asyncio.Event()
            gate.set()

            async def meet(
                reader: asyncio.StreamReader,
                writer: asyncio.StreamWriter,
                link: Link = link,
                gate: asyncio.Event = gate,
            ) -> None:
                await self._meet(reader, writer, link.target, gate)

            self._servers.append(await asyncio.start_server(meet, link.host, link.port))

    async def _meet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int, gate: asyncio.Event
    ) -> None:
        """Join a connection with one to the target until either side ends."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        far_writer: asyncio.StreamWriter | None = None
        try:
            await gate.wait()
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, target)
            pumps = [asyncio.ensure_future(_pump(*ends, gate)) for ends in ((reader, far_writer), (far_reader, writer))]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for end in (writer, far_writer):
                if end is not None:
                    end.close()

    async def _shut(self) -> None:
        for server in self._servers:
            server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
    """Carry bytes one way while the gate is open, until the end or an error of either side."""
    with suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            await gate.wait()
            writer.write(data)
            await writer.drain()
        await gate.wait()
