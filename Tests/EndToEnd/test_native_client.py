# SPDX-License-Identifier: Apache-2.0
"""The native client's example against real nodes, beside clients of other languages."""

import re
import subprocess
import time

import confluent_kafka
import pytest

from node import BINARIES
from test_clients import create

EXAMPLE = BINARIES / "orders-example"


def orders(bootstrap, *arguments):
    return subprocess.Popen(
        [EXAMPLE, "--bootstrap", bootstrap, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(process, seconds=60):
    output, errors = process.communicate(timeout=seconds)
    assert process.returncode == 0, errors
    wrote, read, customers, cents = map(int, re.findall(r"\d+", output))
    return wrote, read, customers, cents


def rpc_addresses(cluster):
    return ",".join(node["rpc"] for node in cluster.nodes("broker"))


def stored(bootstrap, topic):
    """key → values in the order of the log, as librdkafka reads them."""
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": bootstrap, "group.id": f"{topic}-check", "auto.offset.reset": "earliest",
        "enable.partition.eof": True})
    consumer.subscribe([topic])
    found, ends, partitions = {}, set(), len(consumer.list_topics(topic).topics[topic].partitions)
    deadline = time.monotonic() + 60
    while len(ends) < partitions and time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            ends.add(message.partition())
            continue
        found.setdefault(message.key().decode(), []).append(message.value().decode())
    consumer.close()
    assert len(ends) == partitions
    return found


def expected(count):
    found = {}
    for number in range(count):
        found.setdefault(f"customer-{number % 100}", []).append(f"{number},{number % 1000}")
    return found


def test_orders_go_in_and_come_back_and_other_clients_see_them(node, topic):
    create(node, topic, 6)
    wrote = finished(orders(node.cluster, "--topic", topic, "--group", f"{topic}-g", "--count", "5000"))
    assert wrote == (5000, 5000, 100, sum(number % 1000 for number in range(5000)))
    assert stored(node.bootstrap, topic) == expected(5000)


def test_a_group_goes_on_where_it_stopped(node, topic):
    create(node, topic, 3)
    arguments = ["--topic", topic, "--group", f"{topic}-g", "--count", "1000"]
    assert finished(orders(node.cluster, *arguments))[:2] == (1000, 1000)
    # Only what the second run writes is new to the group.
    assert finished(orders(node.cluster, *arguments))[1:] == (1000, 100, sum(range(1000)))


def test_two_members_of_different_libraries_share_a_group(node, topic):
    create(node, topic, 6)
    other = confluent_kafka.Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": f"{topic}-g", "auto.offset.reset": "earliest",
        "partition.assignment.strategy": "range", "enable.auto.commit": False})
    other.subscribe([topic])
    seen = 0
    while len(other.assignment()) < 6:
        other.poll(0.1)
    native = orders(node.cluster, "--topic", topic, "--group", f"{topic}-g", "--count", "6000", "--read", "1")
    deadline = time.monotonic() + 60
    shared = False
    while native.poll() is None and time.monotonic() < deadline:
        message = other.poll(0.05)
        seen += message is not None and not message.error()
        shared = shared or len(other.assignment()) == 3
    assert finished(native)[0] == 6000
    assert shared, "the partitions were never shared"
    other.close()


def test_a_large_topic_comes_through_the_credit_of_a_session(node, topic):
    create(node, topic, 1)
    producer = confluent_kafka.Producer({"bootstrap.servers": node.bootstrap, "linger.ms": 20})
    for number in range(60_000):
        producer.produce(topic, b"x" * 1000, key=f"customer-{number % 100}")
        producer.poll(0)
    assert producer.flush(60) == 0
    read = finished(orders(node.cluster, "--topic", topic, "--group", f"{topic}-g", "--count", "0", "--read", "60000"))
    assert read == (0, 60_000, 100, 0)


def test_no_order_is_lost_or_doubled_while_leaders_are_killed(own_cluster):
    cluster = own_cluster()
    cluster.create("orders", 6, 3, **{"min.insync.replicas": "2"})
    writing = orders(
        rpc_addresses(cluster), "--topic", "orders", "--count", "8000", "--rate", "1000", "--read", "8000")
    time.sleep(2)
    victim = cluster.leader("orders")
    cluster.kill("broker", victim)
    time.sleep(3)
    cluster.begin("broker", victim)
    wrote, read, customers, _ = finished(writing, 120)
    assert (wrote, read, customers) == (8000, 8000, 100)
    assert stored(cluster.bootstrap, "orders") == expected(8000)


def committed_values(bootstrap, topic):
    """All that a reader of committed records is shown, sorted."""
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": bootstrap, "group.id": f"{topic}-check", "auto.offset.reset": "earliest",
        "enable.partition.eof": True, "isolation.level": "read_committed", "enable.auto.commit": False})
    partitions = len(consumer.list_topics(topic).topics[topic].partitions)
    consumer.assign([confluent_kafka.TopicPartition(topic, partition, 0) for partition in range(partitions)])
    found, ends, deadline = [], set(), time.monotonic() + 60
    while len(ends) < partitions:
        assert time.monotonic() < deadline, f"{len(found)} records and no end after 60 s"
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            ends.add(message.partition())
        else:
            found.append(message.value().decode())
    consumer.close()
    return sorted(found)


def test_each_order_has_one_invoice_though_everything_is_killed(own_cluster):
    cluster = own_cluster()
    for topic in ("orders", "invoices"):
        cluster.create(topic, 3, 3, **{"min.insync.replicas": "2"})
    writing = orders(rpc_addresses(cluster), "--count", "6000", "--rate", "600", "--read", "0")

    def invoices(name):
        return subprocess.Popen(
            [BINARIES / "invoices-example", "--bootstrap", rpc_addresses(cluster), "--name", name, "--idle", "20"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    first, second = invoices("invoices-1"), invoices("invoices-2")
    time.sleep(3)
    first.kill()
    first.communicate()
    first = invoices("invoices-1")
    victim = cluster.leader("orders")
    cluster.kill("broker", victim)
    time.sleep(3)
    cluster.begin("broker", victim)
    assert finished(writing, 120)[:2] == (6000, 0)
    expected = sorted(f"invoice for {number},{number % 1000}" for number in range(6000))
    cluster.until("all invoices are written", lambda: len(committed_values(cluster.bootstrap, "invoices")) >= 6000, 90)
    for process in (first, second):
        _, errors = process.communicate(timeout=90)
        assert process.returncode == 0, errors
    assert committed_values(cluster.bootstrap, "invoices") == expected


@pytest.mark.parametrize("arguments, says", [
    (["--bootstrap", "127.0.0.1:1", "--count", "1"], "127.0.0.1:1"),
    (["--bootstrap", "", "--count", "1"], "bootstrap"),
])
def test_what_cannot_work_is_said(arguments, says):
    done = subprocess.run([EXAMPLE, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and says in done.stderr
