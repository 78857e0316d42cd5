# SPDX-License-Identifier: Apache-2.0
"""A cluster of real processes under a test's control: infra/local/cluster, and what a test wants to know."""

import json
import random
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import cluster_wire
import wire
from confluent_kafka.admin import AdminClient, NewTopic
from node import BINARIES, ROOT, clean_environment

TOOL = ROOT / "infra" / "local" / "cluster"
# Failures and not slow machines are what tests wait for: shorter than in production where a session ends.
SETTINGS = {"group.initial.rebalance.delay.ms": 100}


class Cluster:
    def __init__(
        self, brokers=3, controllers=3, settings=None, namespaces=False, disk_size=None, racks=None,
        binaries=BINARIES,
    ):
        self.binaries = binaries
        self.directory = Path(tempfile.mkdtemp(prefix="myelin-cluster-"))
        self.settings = {**SETTINGS, **(settings or {})}
        self.flags = ["--brokers", str(brokers), "--controllers", str(controllers)]
        self.flags += ["--netns"] if namespaces else []
        self.flags += ["--disk-size", disk_size] if disk_size else []
        self.flags += ["--racks", ",".join(racks)] if racks else []

    # MARK: Life

    def start(self):
        """Takes the first base port whose ports nobody has."""
        settings = [f"--set={key}={value}" for key, value in self.settings.items()]
        bases = list(range(20_000, 31_500, 500))
        random.shuffle(bases)
        for base in bases:
            result = self.tool("up", *self.flags, "--kafka-base-port", str(base), *settings, check=False)
            if result.returncode == 0:
                return self
            if "use another --kafka-base-port" not in result.stderr:
                break
            shutil.rmtree(self.directory, ignore_errors=True)
        raise AssertionError(f"the cluster did not start:\n{result.stderr}")

    def close(self):
        """Ends all processes, whatever state they are in, and removes every file, mount and namespace."""
        result = self.tool("down", "--remove", check=False)
        if result.returncode != 0:
            for node in self.nodes():
                if node["pid"]:
                    subprocess.run(["kill", "-9", str(node["pid"])], check=False)
            result = self.tool("down", "--remove", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)
        assert result.returncode == 0, result.stderr

    def tool(self, *arguments, check=True):
        result = subprocess.run(
            [TOOL, "--dir", str(self.directory), "--binaries", str(self.binaries), *arguments],
            capture_output=True, text=True, timeout=180, env=clean_environment())
        if check and result.returncode != 0:
            raise AssertionError(f"cluster {' '.join(arguments)}: exit {result.returncode}\n{result.stderr}")
        return result

    def kill(self, role, number):
        self.tool("kill", role, str(number))

    def begin(self, role, number, wait=True):
        self.tool("start", role, str(number), *([] if wait else ["--no-wait"]))

    def stop(self, role, number):
        self.tool("stop", role, str(number))

    def pause(self, role, number):
        self.tool("pause", role, str(number))

    def resume(self, role, number):
        self.tool("resume", role, str(number))

    # MARK: Facts

    def nodes(self, role=None):
        """What `cluster status` tells of each process."""
        found = json.loads(self.tool("status", "--output", "json").stdout)["nodes"]
        return [node for node in found if role in (None, node["role"])]

    def node(self, role, number):
        (found,) = [node for node in self.nodes(role) if node["id"] == number]
        return found

    @property
    def bootstrap(self):
        return (self.directory / "bootstrap").read_text().strip()

    def address(self, broker):
        return self.node("broker", broker)["kafka"]

    def log(self, role, number):
        return Path(self.node(role, number)["log"]).read_text(errors="replace")

    def ask(self, question, seconds=30):
        """The answer of the first broker that has one to `question`, a function of a connection."""
        deadline = time.monotonic() + seconds
        while True:
            for address in self.bootstrap.split(","):
                try:
                    with cluster_wire.connect(address, 3) as connection:
                        return question(connection)
                except (OSError, AssertionError) as error:
                    trouble = error
            if time.monotonic() > deadline:
                raise AssertionError(f"no broker answers for {seconds} s: {trouble}")
            time.sleep(0.05)

    def metadata(self, topics=None):
        return self.ask(lambda connection: cluster_wire.metadata(connection, topics))

    def partitions(self, topic):
        return self.metadata([topic]).topics[topic][1]

    def leader(self, topic, partition=0):
        return self.until(
            f"{topic}-{partition} has a leader", lambda: max(self.partitions(topic)[partition].leader, 0))

    def active_controller(self):
        return self.ask(active_controller)

    def coordinator(self, group):
        """The broker that leads the group's partition of the offsets topic."""
        def find():
            answer = self.ask(lambda connection: connection.ask(cluster_wire.FIND_COORDINATOR, 0, wire.string(group)))
            return 0 if answer.int16() else answer.int32()
        return self.until(f"{group} has a coordinator", find)

    def until(self, text, condition, seconds=30):
        """Waits for a true value of `condition` and returns it."""
        deadline = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            assert time.monotonic() < deadline, f"not after {seconds} s: {text}"
            time.sleep(0.05)

    def until_in_sync(self, topic, count=3, seconds=60):
        """Waits until every partition has a leader and `count` replicas in sync."""
        def whole():
            partitions = self.partitions(topic).values()
            return partitions and all(one.leader > 0 and len(one.isr) == count for one in partitions)
        self.until(f"{count} replicas of {topic} are in sync", whole, seconds)

    def cpu_seconds(self, role):
        return sum(cpu_seconds(node["pid"]) for node in self.nodes(role) if node["pid"])

    def metrics(self, node):
        """name{labels} → value."""
        with urllib.request.urlopen(f"http://{node['admin']}/metrics", timeout=20) as answer:
            lines = answer.read().decode().splitlines()
        found = (re.fullmatch(r"(\S+) (\S+)", line) for line in lines if not line.startswith("#"))
        return {match[1]: float(match[2]) for match in found if match}

    def sample(self, node, name):
        """The sum of a metric's samples on one node."""
        return total(self.metrics(node), name)

    # MARK: Tools

    def create(self, topic, partitions=1, replicas=3, **config):
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for future in admin.create_topics([NewTopic(topic, partitions, replicas, config=config)]).values():
            future.result(30)
        self.until_in_sync(topic, replicas)

    def myelin(self, *arguments, check=True, broker=None, input=None, seconds=120):
        """Runs the ops CLI against one broker, the first that runs when none is named."""
        running = [node for node in self.nodes("broker") if node["pid"] and broker in (None, node["id"])]
        result = subprocess.run(
            [str(BINARIES / "myelin"), "--cluster", running[0]["rpc"], *arguments], input=input, text=True,
            capture_output=True, timeout=seconds, env=clean_environment())
        if check and result.returncode != 0:
            raise AssertionError(f"myelin {' '.join(arguments)}: exit {result.returncode}\n{result.stderr}")
        return result

    def kcat(self, *arguments, input=None):
        result = subprocess.run(
            ["kcat", "-b", self.bootstrap, *arguments], input=input, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, f"kcat {' '.join(arguments)}: exit {result.returncode}\n{result.stderr}"
        return result


def total(numbers, name):
    """The sum of a metric over its labels."""
    return sum(value for key, value in numbers.items() if key.split("{")[0] == name)


def cpu_seconds(pid):
    """User and system time of a process so far; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / 100


def active_controller(connection):
    """DescribeQuorum version 0: the leader of the metadata log."""
    partition = wire.int32(0) + b"\0"
    topic = wire.compact_string("__cluster_metadata") + wire.compact_array([partition]) + b"\0"
    answer = connection.ask(55, 0, wire.compact_array([topic]) + b"\0", flexible=True)
    error = answer.int16()
    assert error == 0, f"DescribeQuorum answers {error}"
    assert (answer.compact_count(), answer.compact_string(), answer.compact_count()) == (1, "__cluster_metadata", 1)
    index, error, leader = answer.int32(), answer.int16(), answer.int32()
    assert (index, error) == (0, 0) and leader > 0, f"DescribeQuorum answers {error}, leader {leader}"
    return leader
