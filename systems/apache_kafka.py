"""Apache Kafka: three nodes on loopback, each broker and controller (KRaft), with proxies between all of them.

Clients reach a node through a proxy of its advertised listener. Nodes call each other by name, and each node's Java has
a hosts file of its own in which node-j is the address 127.1.i.j; there a proxy listens that carries what node i sends
to node j, and nothing else. So one node can be cut off from the others in both directions, brokers and controllers,
while its clients still reach it.

Source: Apache Kafka's documentation, KRaft; the property jdk.net.hosts.file of Java's networking.
Left out: machines without the addresses 127.0.0.0/8 on loopback (all but Linux), for which nodes can't be cut off.
"""

from __future__ import annotations

import platform
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from checkers.verdict import UserError
from systems.kafka_client import connect
from systems.kafka_install import installed_jars, java
from systems.kafka_library import Endpoint, leader_of, library, make_topics, wait_for_brokers
from systems.proxy import Link, Switchboard
from systems.service import LOOPBACK, Service, free_ports
from systems.system import Client, ClientSettings, Topics

NODES = (1, 2, 3)
HEAP = ("-Xms256m", "-Xmx512m")
START_SECONDS = 240.0
TOOL_SECONDS = 120
SETTINGS = """
process.roles=broker,controller
listener.security.protocol.map=CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INTERNAL
controller.listener.names=CONTROLLER
auto.create.topics.enable=false
unclean.leader.election.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=3
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.abort.timed.out.transaction.cleanup.interval.ms=2000
min.insync.replicas=2
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=6000
controller.quorum.election.timeout.ms=2000
controller.quorum.fetch.timeout.ms=4000
replica.lag.time.max.ms=5000
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
background.threads=2
"""
"""The same on each node: failover in seconds, small pools; nothing is ever elected uncleanly."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node's ports: of its clients (through the proxy and its own), of other brokers, of other controllers."""

    number: int
    proxied: int
    client: int
    internal: int
    controller: int

    @property
    def client_link(self) -> Link:
        """The proxy in front of its clients' listener."""
        return Link(self.proxied, self.client)

    def link_from(self, other: Node) -> tuple[Link, Link]:
        """The proxies that carry what another node sends to this one."""
        host = f"127.1.{other.number}.{self.number}"
        return Link(self.internal, self.internal, host), Link(self.controller, self.controller, host)


class ApacheKafka:
    """See `systems.system.System`."""

    name = "kafka"
    faults: Sequence[str] = ("kill", "pause", "cut_clients", *(["cut_peers"] if platform.system() == "Linux" else []))

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._nodes: tuple[Node, ...] = ()
        self._services: dict[int, Service] = {}
        self._switchboard: Switchboard | None = None

    @property
    def endpoint(self) -> Endpoint:
        """How clients reach it: through any node."""
        return Endpoint(",".join(f"{LOOPBACK}:{node.proxied}" for node in self._nodes))

    def start(self) -> None:
        """Format and start the nodes behind their proxies and wait for them all."""
        library()
        jars, program = installed_jars(), java()
        self._folder = folder = Path(tempfile.mkdtemp(prefix="logproof-kafka-"))
        ports = free_ports(4 * len(NODES))
        self._nodes = tuple(Node(number, *ports[4 * i : 4 * i + 4]) for i, number in enumerate(NODES))
        tool = [program, "-cp", f"{jars}/*", "kafka.tools.StorageTool"]
        cluster = run_tool([*tool, "random-uuid"]).split()[-1]
        for node in self._nodes:
            settings = self._configure(folder, node)
            run_tool([*tool, "format", "--cluster-id", cluster, "--config", str(settings)])
            command = [program, *HEAP, f"-Djdk.net.hosts.file={folder}/hosts-{node.number}"]
            command += [
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                f"{jars}/*",
                "kafka.Kafka",
                str(settings),
            ]
            own = (node.client, node.internal, node.controller)
            log = folder / f"node-{node.number}.log"
            self._services[node.number] = Service(f"node {node.number}", command, own, log)
        links = [node.client_link for node in self._nodes]
        links += [
            link for node in self._nodes for other in self._nodes if other != node for link in node.link_from(other)
        ]
        self._switchboard = Switchboard(tuple(links if "cut_peers" in self.faults else links[: len(NODES)]))
        self._start_nodes()

    def _configure(self, folder: Path, node: Node) -> Path:
        """Write a node's settings and hosts file; returns the settings' path."""
        host = {other.number: f"127.1.{node.number}.{other.number}" for other in self._nodes}
        host[node.number] = LOOPBACK
        if "cut_peers" not in self.faults:
            host = dict.fromkeys(host, LOOPBACK)
        names = [f"{address} node-{number}" for number, address in host.items()]
        names += [f"{LOOPBACK} localhost", f"{LOOPBACK} {socket.gethostname()}"]
        (folder / f"hosts-{node.number}").write_text("\n".join(names) + "\n", encoding="utf-8")
        voters = ",".join(f"{other.number}@node-{other.number}:{other.controller}" for other in self._nodes)
        own = {
            "node.id": node.number,
            "controller.quorum.voters": voters,
            "listeners": f"CLIENT://{LOOPBACK}:{node.client},INTERNAL://{LOOPBACK}:{node.internal},"
            f"CONTROLLER://{LOOPBACK}:{node.controller}",
            "advertised.listeners": f"CLIENT://{LOOPBACK}:{node.proxied},"
            f"INTERNAL://node-{node.number}:{node.internal},CONTROLLER://node-{node.number}:{node.controller}",
            "log.dirs": folder / f"data-{node.number}",
        }
        path = folder / f"node-{node.number}.properties"
        path.write_text(SETTINGS + "".join(f"{name}={value}\n" for name, value in own.items()), encoding="utf-8")
        return path

    def _start_nodes(self) -> None:
        """Start those that don't run and wait until every node answers and knows of all."""
        for service in self._services.values():
            service.start()
        try:
            for node in self._nodes:
                address = Endpoint(f"{LOOPBACK}:{node.proxied}")
                wait_for_brokers(
                    address, len(NODES), START_SECONDS, lambda: all(s.running for s in self._services.values())
                )
        except UserError as error:
            words = [service.last_words() for service in self._services.values() if not service.running]
            raise UserError("; ".join([str(error), *words])) from error

    def stop(self) -> None:
        """Stop the nodes and the proxies, and remove their data."""
        for service in self._services.values():
            service.kill()
        if self._switchboard is not None:
            self._switchboard.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._services, self._switchboard, self._folder = {}, None, None

    def prepare(self, topics: Topics) -> None:
        """Make the topics."""
        make_topics(self.endpoint, topics)

    def client(self, settings: ClientSettings) -> Client:
        """A client through the proxies."""
        return connect(self.endpoint, settings)

    def inject(self, fault: str, key: str) -> str:
        """Kill, pause or cut off the node that leads a key."""
        leader = leader_of(self.endpoint, key)
        node = self._nodes[NODES.index(leader)]
        assert self._switchboard is not None
        if fault == "kill":
            self._services[leader].kill()
            return f"killed node {leader}, the leader of {key}"
        if fault == "pause":
            self._services[leader].pause()
            return f"paused node {leader}, the leader of {key}"
        if fault == "cut_clients":
            self._switchboard.cut(node.client_link)
            return f"cut node {leader}, the leader of {key}, off from clients"
        for other in self._nodes:
            if other != node:
                for link in (*node.link_from(other), *other.link_from(node)):
                    self._switchboard.cut(link)
        return f"cut node {leader}, the leader of {key}, off from the other nodes"

    def heal(self) -> None:
        """Start what is down, let everything through, and wait for all nodes."""
        assert self._switchboard is not None
        self._switchboard.heal_all()
        for service in self._services.values():
            service.resume()
        self._start_nodes()


def run_tool(command: list[str]) -> str:
    """Run one of Apache Kafka's tools; returns what it prints. Raises UserError with its words if it fails."""
    done = subprocess.run(  # noqa: S603 - fixed but for folders
        command, capture_output=True, text=True, check=False, timeout=TOOL_SECONDS, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise UserError(f"{command[3]} fails: {(done.stderr or done.stdout).strip()}")
    return done.stdout
