# SPDX-License-Identifier: Apache-2.0
"""What a local cluster is: its folder, its nodes, their addresses, settings and files."""

import base64
import fcntl
import json
import os
import secrets
import shutil
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

VERSION = 1
# Ports of a cluster, counted from its base: its brokers' Kafka ports first, then four more ranges as wide.
NODE_COUNT_MAX = 100
RANGES = {("broker", "kafka"): 0, ("broker", "rpc"): 1, ("broker", "admin"): 2,
          ("controller", "rpc"): 3, ("controller", "admin"): 4}
ROLES = ("broker", "controller")


class Trouble(Exception):
    """What the caller has to know, in a sentence, with the exit status."""

    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


def say(text):
    print(f"cluster: {text}", file=sys.stderr, flush=True)


def write_whole(path, text):
    """A reader sees the old file or the new one."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text)
    temporary.replace(path)


@dataclass
class Node:
    role: str
    id: int
    host: str
    rpc_port: int
    admin_port: int
    kafka_port: int | None = None
    rack: str | None = None
    # Joined after the first start; its voter set comes from the others, not from its settings.
    is_added: bool = False

    @property
    def name(self):
        return f"{self.role} {self.id}"

    @property
    def rpc(self):
        return f"{self.host}:{self.rpc_port}"

    @property
    def kafka(self):
        return f"{self.host}:{self.kafka_port}"


@dataclass
class Cluster:
    directory: Path
    cluster_id: str
    base_port: int
    settings: dict = field(default_factory=dict)
    racks: list = field(default_factory=list)
    # Each node in a network namespace of its own; the first two numbers of their addresses.
    has_namespaces: bool = False
    disk_size: str | None = None
    nodes: list = field(default_factory=list)

    # Files

    @staticmethod
    def file(directory):
        return directory / "cluster.json"

    @classmethod
    def load(cls, directory):
        try:
            content = json.loads(cls.file(directory).read_text())
        except FileNotFoundError:
            raise Trouble(f"there is no cluster in {directory}: 'cluster up --dir {directory}' makes one", 2) from None
        if content.pop("version") != VERSION:
            raise Trouble(f"{cls.file(directory)} was written by another version: remove {directory}", 2)
        nodes = [Node(**node) for node in content.pop("nodes")]
        return cls(directory=directory, nodes=nodes, **content)

    def save(self):
        content = {"version": VERSION, **asdict(self)}
        content.pop("directory")
        write_whole(self.file(self.directory), json.dumps(content, indent=2) + "\n")
        write_whole(self.directory / "bootstrap", ",".join(node.kafka for node in self.of("broker")) + "\n")
        # Services that no process offers have no address.
        for service in ("registry", "portal"):
            write_whole(self.directory / service, "")

    def folder(self, node):
        return self.directory / f"{node.role}-{node.id}"

    def data(self, node):
        # On a file system of its own the data lies beside lost+found, not around it.
        return self.folder(node) / ("disk/data" if self.disk_size else "data")

    def log(self, node):
        return self.folder(node) / "log"

    def config(self, node):
        return self.folder(node) / "config.yaml"

    # Nodes

    def of(self, role):
        return [node for node in self.nodes if node.role == role]

    def select(self, role, ids):
        """The nodes that `all`, a number or numbers between commas name."""
        nodes = self.of(role)
        if ids == "all":
            return nodes
        try:
            wanted = [int(part) for part in ids.split(",")]
        except ValueError:
            raise Trouble(f"{ids} names no {role}: write a number, numbers between commas, or all", 2) from None
        found = {node.id: node for node in nodes}
        for number in wanted:
            if number not in found:
                known = ", ".join(str(node.id) for node in nodes) or "none"
                raise Trouble(f"there is no {role} {number}; there are {known}", 2)
        return [found[number] for number in wanted]

    def add(self, role, rack=None, is_added=False):
        """A new node, not started; the next free number."""
        number = max((node.id for node in self.of(role)), default=0) + 1
        if number > NODE_COUNT_MAX:
            raise Trouble(f"a local cluster has at most {NODE_COUNT_MAX} of each role", 2)

        def port(service):
            return self.base_port + RANGES[role, service] * NODE_COUNT_MAX + number - 1

        node = Node(
            role=role, id=number, host=self.host(role, number), rpc_port=port("rpc"), admin_port=port("admin"),
            is_added=is_added)
        if role == "broker":
            node.kafka_port = port("kafka")
            node.rack = rack or (self.racks[(number - 1) % len(self.racks)] if self.racks else None)
        self.nodes.append(node)
        return node

    def host(self, role, number):
        if not self.has_namespaces:
            return "127.0.0.1"
        return f"{self.subnet}.{number if role == 'broker' else 100 + number}"

    @property
    def subnet(self):
        """The first three numbers of the addresses, from the base port, so that clusters differ."""
        return f"10.{64 + self.base_port // 256 % 64}.{self.base_port % 256}"

    # Settings

    def node_settings(self, node):
        controllers = self.of("controller")
        settings = {
            "node.id": node.id,
            "log.dirs": self.data(node),
            "myelin.rpc.port": node.rpc_port,
            "myelin.rpc.advertised.host": node.host,
            "myelin.admin.port": node.admin_port,
            "controller.quorum.bootstrap.servers": ",".join(one.rpc for one in controllers),
        }
        if node.role == "broker":
            replicas = min(3, len(self.of("broker")))
            settings |= {
                "listeners": f"PLAINTEXT://{node.kafka}",
                "default.replication.factor": replicas,
                "min.insync.replicas": max(1, replicas - 1),
            }
            if node.rack:
                settings["broker.rack"] = node.rack
        elif not node.is_added:
            first = [one for one in controllers if not one.is_added]
            settings["controller.quorum.voters"] = ",".join(f"{one.id}@{one.rpc}" for one in first)
        return settings | self.settings

    def write_config(self, node):
        self.folder(node).mkdir(parents=True, exist_ok=True)
        # A JSON string is a YAML string, whatever is in it.
        lines = [f"{key}: {json.dumps(str(value))}\n" for key, value in self.node_settings(node).items()]
        write_whole(self.config(node), "".join(lines))


def new_cluster_id():
    """22 characters, as Kafka makes them: 16 random bytes, none of which makes a leading dash."""
    while True:
        text = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        if not text.startswith("-"):
            return text


class Lock:
    """One command at a time changes a cluster; a second one waits for the first."""

    def __init__(self, directory):
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "lock"

    def __enter__(self):
        self.file = open(self.path, "w")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another command works on {self.path.parent}: waiting")
            fcntl.flock(self.file, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        self.file.close()


def remove(directory):
    for child in sorted(directory.iterdir()):
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            os.unlink(child)
    directory.rmdir()
