# SPDX-License-Identifier: Apache-2.0
"""The clients of one run as processes, and the log as it is when they are done."""

import subprocess
import sys
import time
import zlib
from pathlib import Path

import cluster_wire
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from history import Copied, Recorder, Stored, identity

HERE = Path(__file__).resolve().parent
# A producer flushes for 90 s at most; who is not done then is stuck, and that is a finding.
STOP_SECONDS = 120
CATCH_UP_SECONDS = 90


class Clients:
    """Two producers, a reader, a group of three and an observer on one topic, with their notes in `folder`."""

    def __init__(self, folder, bootstrap, topic, partitions, rate, size=200, members=3, producers=2, debug=""):
        self.folder, self.bootstrap, self.topic, self.partitions = Path(folder), bootstrap, topic, partitions
        self.folder.mkdir(parents=True, exist_ok=True)
        self.shared = [
            "--bootstrap", bootstrap, "--topic", topic, "--partitions", str(partitions), "--size", str(size),
            "--rate", str(rate // max(producers, 1)), "--debug", debug]
        self.roles = [("produce", str(number)) for number in range(producers)]
        self.roles += [("read",), ("observe",)]
        self.roles += [("group", "group", str(member)) for member in range(members)]
        self.processes = {}

    def start(self):
        for role in self.roles:
            self.start_one(role)
        return self

    def start_one(self, role):
        name = "-".join(role)
        with open(self.folder / f"{name}.err", "ab") as errors:
            self.processes[role] = subprocess.Popen(
                [sys.executable, HERE / "workload.py", *role, *self.shared, "--log", self.folder / f"{name}.tsv"],
                stdin=subprocess.DEVNULL, stderr=errors)

    def finish(self, may_lose):
        """Stops the producers, then, once the group has all, who reads; a sentence for each that did not end well.

        A group may have committed offsets that a log which lost records does not come to.
        """
        trouble = self._end([role for role in self.processes if role[0] == "produce"])
        trouble += [] if may_lose else self._wait_for_group()
        return trouble + self._end(list(self.processes))

    def _wait_for_group(self):
        """Until the group has committed the end of every partition: a rebalance may be under way."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})
        places = [TopicPartition(self.topic, partition) for partition in range(self.partitions)]
        deadline, behind = time.monotonic() + CATCH_UP_SECONDS, None
        while behind != []:
            if time.monotonic() > deadline:
                return [f"the group did not come to the end within {CATCH_UP_SECONDS} s: {behind}"]
            time.sleep(0.2)
            try:
                latest = admin.list_offsets({place: OffsetSpec.latest() for place in places}, request_timeout=5)
                ends = {place.partition: future.result(10).offset for place, future in latest.items()}
                (asked,) = admin.list_consumer_group_offsets(
                    [ConsumerGroupTopicPartitions("group", places)], request_timeout=5).values()
                behind = [f"{place.partition}: {place.offset} of {ends[place.partition]}"
                          for place in asked.result(10).topic_partitions if place.offset < ends[place.partition]]
            except (KafkaException, TimeoutError) as error:
                behind = [str(error)]
        return []

    def _end(self, roles):
        deadline = time.monotonic() + STOP_SECONDS
        for role in roles:
            self.processes[role].terminate()
        trouble = []
        for role in roles:
            process = self.processes.pop(role)
            try:
                status = process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = f"nothing for {STOP_SECONDS} s"
            if status != 0:
                notes = (self.folder / f"{'-'.join(role)}.err").read_text().strip()[-300:]
                trouble.append(f"{' '.join(role)} ended with {status} {notes}".strip())
        return trouble

    def kill(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.processes.clear()


def read_log(cluster_or_node, topic, partitions, recorder):
    """Notes every record from the leaders' logs, each up to its end."""
    for partition in range(partitions):
        offset = 0
        deadline = time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline, f"{topic}-{partition} cannot be read from {offset} on"
            leader = leading(cluster_or_node.bootstrap, topic, partition)
            if leader is None:
                time.sleep(0.1)
                continue
            try:
                with cluster_wire.connect(leader) as connection:
                    offset, done = read_from(connection, topic, partition, offset, recorder)
            except (OSError, AssertionError):
                continue
            if done:
                break


def leading(bootstrap, topic, partition):
    """The address of a partition's leader; None when nobody names one."""
    for address in bootstrap.split(","):
        try:
            with cluster_wire.connect(address) as connection:
                found = cluster_wire.metadata(connection, [topic])
        except (OSError, AssertionError):
            continue
        leader = found.topics[topic][1][partition].leader
        if leader in found.brokers:
            host, port, _ = found.brokers[leader]
            return f"{host}:{port}"
    return None


def read_from(connection, topic, partition, offset, recorder):
    """The offset it came to, and whether that is the partition's end."""
    error, end = cluster_wire.list_offsets(connection, topic, {partition: -1})[partition]
    if error:
        return offset, False
    while offset < end:
        answer = cluster_wire.fetch(connection, topic, partition, offset)
        if answer.error:
            return offset, False
        batches = [batch for batch in cluster_wire.batches(answer.content) if batch.last >= offset]
        for batch in batches:
            note(batch, partition, recorder)
        if not batches:
            return offset, False
        offset = batches[-1].last + 1
    return offset, True


def note(batch, partition, recorder):
    """A batch with a wrong checksum stands for its records: each of its offsets is noted as corrupt."""
    places = [(offset, identity(value or b"")) for offset, _, value in batch.records]
    if not batch.sound:
        places = [(offset, (-1, -1, -1)) for offset in range(batch.offset, batch.last + 1)]
    for offset, who in places:
        recorder.note(Stored(partition, offset, batch.epoch, batch.producer_id, batch.producer_epoch, *who))


def read_replicas(nodes, topic, partitions, recorder):
    """Notes every batch in the files of each broker's replica, while all are stopped."""
    for node in nodes:
        for partition in range(partitions):
            for segment in sorted(segments(Path(node["data"]), topic, partition)):
                for batch in cluster_wire.batches(segment.read_bytes()):
                    recorder.note(Copied(
                        node["id"], partition, batch.offset, batch.last, batch.epoch, zlib.crc32(batch.raw)))


def segments(data, topic, partition):
    return [path for path in data.rglob("*.log") if path.parent.name == f"{topic}-{partition}"]


def recorder(folder, name):
    return Recorder(Path(folder) / f"{name}.tsv")
