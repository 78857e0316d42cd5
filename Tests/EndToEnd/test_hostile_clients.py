# SPDX-License-Identifier: Apache-2.0
"""Everything hostile at once, beside a healthy client at 1,000 records a second that must notice nothing."""

import contextlib
import resource
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import hostile
import pytest
from confluent_kafka import Consumer, Producer
from test_clients import create

# What docs/decisions/0021-limits.md states: all attacks of this page together.
RESIDENT_KIBIBYTES_MAX = 512 << 10
RATE = 1_000
# The defaults are 30 and 60 seconds; a run should see them happen.
SETTINGS = {
    "group.initial.rebalance.delay.ms": 100,
    "myelin.connection.first.request.ms": 10_000,
    "myelin.request.receive.timeout.ms": 15_000,
}


class Healthy:
    """Produces and consumes at a steady rate, and remembers every error."""

    def __init__(self, bootstrap, topic):
        self.topic, self.errors, self.sent, self.delivered, self.consumed = topic, [], 0, 0, 0
        self.latencies = []
        self.stopping, self.abandoned = threading.Event(), threading.Event()
        note = lambda error: self.errors.append(str(error))  # noqa: E731
        self.producer = Producer({
            "bootstrap.servers": bootstrap, "client.id": "healthy", "enable.idempotence": True, "linger.ms": 5,
            "error_cb": note, "queue.buffering.max.messages": 1_000_000})
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap, "client.id": "healthy", "group.id": "healthy",
            "auto.offset.reset": "earliest", "error_cb": note})
        self.consumer.subscribe([topic])
        self.producing = threading.Thread(target=self._produce, daemon=True)
        self.consuming = threading.Thread(target=self._consume, daemon=True)
        self.producing.start()
        self.consuming.start()

    def _produce(self):
        start = time.monotonic()
        while not self.stopping.is_set():
            due = int((time.monotonic() - start) * RATE)
            while self.sent < due:
                began = time.monotonic()
                self.producer.produce(
                    self.topic, b"%d" % self.sent, on_delivery=lambda error, _, began=began: self._note(error, began))
                self.sent += 1
            self.producer.poll(0.005)
        self.producer.flush(0 if self.abandoned.is_set() else 60)

    def _note(self, error, began):
        if error is not None:
            self.errors.append(str(error))
        else:
            self.delivered += 1
            self.latencies.append(time.monotonic() - began)

    def _consume(self):
        while not self.abandoned.is_set() and (self.producing.is_alive() or self.consumed < self.sent):
            message = self.consumer.poll(0.1)
            if message is None:
                continue
            if message.error() is not None:
                self.errors.append(str(message.error()))
            elif int(message.value()) != self.consumed:
                self.errors.append(f"record {self.consumed} expected, {message.value()} came")
                break
            else:
                self.consumed += 1
        self.consumer.close()

    def finish(self):
        self.stopping.set()
        for thread in (self.producing, self.consuming):
            thread.join(90)
            assert not thread.is_alive(), f"{self.sent} sent, {self.delivered} delivered, {self.consumed} consumed"

    def close(self):
        """Ends it wherever it is."""
        self.abandoned.set()
        self.stopping.set()


class Attack:
    """One attack in a process of its own; a flood says at its end how many names it sent."""

    def __init__(self, name, node, topic):
        self.name, self.output = name, ""
        self.process = subprocess.Popen(
            [sys.executable, str(Path(hostile.__file__)), name, str(node.kafka_port), topic],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def has_opened(self):
        return self.process.stdout.readline() == "open\n"

    def finish(self, seconds):
        try:
            self.output, said = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return f"{self.name} did not end"
        return None if self.process.returncode == 0 else f"{self.name}: {said[-2_000:]}"

    def close(self):
        self.process.kill()
        self.process.communicate()


class Watcher:
    """The most memory that a node had."""

    def __init__(self, node):
        self.node, self.most, self.stopping = node, 0, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping.wait(0.2) and self.node.process.poll() is None:
            try:
                self.most = max(self.most, self.node.resident_kibibytes())
            except (AssertionError, OSError):
                return

    def finish(self):
        self.stopping.set()
        self.thread.join(10)


@pytest.fixture
def descriptors():
    """Enough of them for the crowd and for the node, which inherits the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hostile.IDLE + hostile.HALF_OPEN + hostile.DRIPPING + 1_000
    if hard < wanted:
        pytest.skip(f"{wanted} descriptors are needed, {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def closing():
    """What is closed when the test ends, however it does."""
    with contextlib.ExitStack() as stack:
        yield lambda thing: stack.enter_context(contextlib.closing(thing))


def metric(node, name):
    text = urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/metrics", timeout=20).read().decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def test_a_healthy_client_notices_nothing(own_node, topic, descriptors, closing):
    node = own_node(settings=SETTINGS)
    victim = topic + "-victim"
    create(node, topic)
    create(node, victim, partitions=hostile.PARTITIONS)
    # So that every client id has a rate, and hardly any feels it.
    node.myelin("quota", "set", "--default-client-id", "--produce", "100MiB", "--fetch", "100MiB")
    idle_kibibytes = node.resident_kibibytes()
    watcher, healthy, began = Watcher(node), closing(Healthy(node.bootstrap, topic)), time.monotonic()
    attacks = [closing(Attack("crowd", node, victim))]
    assert attacks[0].has_opened()
    assert metric(node, "myelin_connections ") > hostile.IDLE
    attacks += [closing(Attack(one.__name__, node, victim)) for one in hostile.ATTACKS if one is not hostile.crowd]
    failures = [failure for failure in (attack.finish(300) for attack in attacks) if failure is not None]
    seconds = time.monotonic() - began
    assert node.process.poll() is None, "the node died:\n" + "".join(node.errors[-30:])
    healthy.finish()
    watcher.finish()
    late = sorted(healthy.latencies)
    names = {attack.name: int(attack.output) for attack in attacks if attack.output.strip().isdigit()}
    print(
        f"\n{seconds:.0f} s; resident: {idle_kibibytes >> 10} MiB idle, {watcher.most >> 10} MiB at most; healthy client: "
        f"{healthy.delivered} records, p50 {late[len(late) // 2] * 1e3:.1f} ms, "
        f"p99 {late[len(late) * 99 // 100] * 1e3:.1f} ms, most {late[-1] * 1e3:.0f} ms; names: {names}")

    assert failures == []
    assert len(names) == 4 and min(names.values()) >= min(hostile.FLOOD, 1_000)
    assert healthy.errors == []
    assert healthy.sent == healthy.delivered == healthy.consumed
    assert watcher.most < RESIDENT_KIBIBYTES_MAX, f"{watcher.most} KiB"
    assert metric(node, 'myelin_connections_cut_total{reason="slow"}') >= hostile.HALF_OPEN + hostile.DRIPPING
    assert metric(node, 'myelin_frames_rejected_total{reason="bad_size"}') > 0
    assert metric(node, 'myelin_frames_rejected_total{reason="malformed_request"}') > 0
