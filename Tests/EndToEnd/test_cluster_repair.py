# SPDX-License-Identifier: Apache-2.0
"""What a disk has changed on one replica is never served, and is mended from another, byte for byte."""

import json
import os
import time
from pathlib import Path

import cluster_wire
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from test_cluster_clients import produce, stored

KAFKA_STORAGE_ERROR = 56
SEGMENT = 1 << 20
SCRUB = {"myelin.scrub.interval.ms": 500, "myelin.scrub.bytes.per.second": 1 << 28}


def value(number):
    return b"%d " % number + b"x" * 9_000


def fill(cluster, topic, count=300):
    """One partition on three brokers, each record a batch of its own, over several segments; offset → value."""
    cluster.create(topic, 1, 3, **{"segment.bytes": str(SEGMENT), "min.insync.replicas": "2"})
    return write(cluster, topic, range(count))


def write(cluster, topic, numbers):
    told = {}
    producer = Producer({
        "bootstrap.servers": cluster.bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 0,
        "batch.num.messages": 1, "message.timeout.ms": 60_000})

    def acknowledge(error, message):
        assert error is None, error
        told[message.offset()] = message.value()

    for number in numbers:
        producer.produce(topic, value(number), partition=0, on_delivery=acknowledge)
    assert producer.flush(60) == 0
    return told


def read(cluster, topic, count, seconds=60):
    """offset → value as a client that checks nothing itself gets them from the leader."""
    consumer = Consumer({
        "bootstrap.servers": cluster.bootstrap, "group.id": "none", "enable.auto.commit": False, "check.crcs": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found, deadline = {}, time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is not None and not message.error():
            found[message.offset()] = message.value()
    consumer.close()
    return found


def segments(cluster, topic, broker):
    return sorted((Path(cluster.node("broker", broker)["data"]) / f"{topic}-0").glob("*.log"))


def content(cluster, topic, broker):
    """The batches of a replica, back to back; what is reserved after them is left out."""
    return b"".join(
        batch.raw for path in segments(cluster, topic, broker) for batch in cluster_wire.batches(path.read_bytes()))


def flip(path, place):
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 0x10]))


def cut(path, length):
    with path.open("r+b") as file:
        file.truncate(length)


def used(path):
    return sum(len(batch.raw) for batch in cluster_wire.batches(path.read_bytes()))


def until_equal(cluster, topic, seconds=60):
    """Waits until all replicas hold the same bytes, all of which check."""
    def equal():
        logs = [content(cluster, topic, broker) for broker in (1, 2, 3)]
        return logs[0] == logs[1] == logs[2] and all(batch.sound for batch in cluster_wire.batches(logs[0]))
    cluster.until("all replicas are equal and sound", equal, seconds)


def damaged(cluster):
    """Whether `myelin doctor` tells of damage."""
    findings = json.loads(cluster.myelin("doctor", "--output", "json", check=False).stdout)["findings"]
    return any(finding["check"] == "damaged-partitions" for finding in findings)


def counted(cluster, name):
    """The sum of a metric over all brokers."""
    return sum(cluster.sample(node, name) for node in cluster.nodes("broker"))


@pytest.mark.parametrize("role", ["leader", "follower"])
def test_a_killed_broker_with_flipped_and_cut_files_is_mended(own_cluster, topic, role):
    cluster = own_cluster()
    told = fill(cluster, topic)
    leader = cluster.leader(topic)
    number = leader if role == "leader" else leader % 3 + 1
    cluster.kill("broker", number)
    first, *_, last = segments(cluster, topic, number)
    flip(first, 200_000)
    flip(first, 700_000)
    cut(segments(cluster, topic, number)[1], 300_000)
    cut(last, used(last) // 2)
    cluster.begin("broker", number)
    cluster.until_in_sync(topic)
    until_equal(cluster, topic)
    assert read(cluster, topic, len(told)) == told
    cluster.until("no damage is known", lambda: not damaged(cluster))


def test_damage_below_running_brokers_is_found_by_the_scrub_and_mended(own_cluster, topic):
    cluster = own_cluster(settings=SCRUB)
    told = fill(cluster, topic)
    for broker in (1, 2, 3):
        first, second, *_ = segments(cluster, topic, broker)
        flip(first, 100_000 * broker)
        flip(second, 100_000 * broker)
    cluster.until("six ranges are mended", lambda: counted(cluster, "myelin_log_damages_mended_total") >= 6)
    until_equal(cluster, topic)
    assert read(cluster, topic, len(told)) == told
    assert counted(cluster, "myelin_log_damaged_ranges") == 0 and not damaged(cluster)


def test_what_is_damaged_on_every_replica_is_refused_and_the_rest_goes_on(own_cluster, topic):
    cluster = own_cluster(settings=SCRUB)
    told = fill(cluster, topic)
    cluster.stop("broker", "all")
    for broker in (1, 2, 3):
        flip(segments(cluster, topic, broker)[0], 100_000)
    cluster.begin("broker", "all")
    cluster.until("all replicas know", lambda: counted(cluster, "myelin_log_damaged_ranges") == 3, 60)
    cluster.until_in_sync(topic)
    told |= write(cluster, topic, range(300, 310))
    cluster.until_in_sync(topic)
    with cluster_wire.connect(cluster.address(cluster.leader(topic))) as connection:
        codes = {offset: cluster_wire.fetch(connection, topic, 0, offset, size=1).error for offset in told}
    lost = [offset for offset, code in codes.items() if code == KAFKA_STORAGE_ERROR]
    assert len(lost) == 1 and set(codes.values()) == {0, KAFKA_STORAGE_ERROR}
    assert damaged(cluster)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_cut_file_does_not_take_acknowledged_records_along_when_all_nodes_were_killed(own_cluster, topic, number):
    """Whoever registers last is elected: it must not cut the others to what is left of its own log."""
    cluster = own_cluster()
    cluster.create(topic, 3, 3, **{"min.insync.replicas": "2"})
    told = produce(cluster, topic, 900)
    for node in cluster.nodes():
        os.kill(node["pid"], 9)
    time.sleep(0.5)
    for partition in range(3):
        path = Path(cluster.node("broker", number)["data"]) / f"{topic}-{partition}" / f"{0:020}.log"
        cut(path, used(path) // 3)
    for role, one in [("controller", "all"), *(("broker", str(other)) for other in {1, 2, 3} - {number})]:
        cluster.begin(role, one)
    cluster.begin("broker", str(number))
    cluster.until_in_sync(topic)
    assert stored(cluster, topic) == told


def test_a_file_cut_by_many_pieces_is_filled_before_its_broker_leads(own_cluster, topic):
    """More than can be taken over before it is time to ask the others again."""
    cluster = own_cluster()
    cluster.create(topic, 1, 3, **{"min.insync.replicas": "2"})
    told = produce(cluster, topic, 24_000, byte_count=1_000)
    for node in cluster.nodes():
        os.kill(node["pid"], 9)
    time.sleep(0.5)
    number = 2
    path = Path(cluster.node("broker", number)["data"]) / f"{topic}-0" / f"{0:020}.log"
    cut(path, used(path) // 20)
    for role, one in [("controller", "all"), *(("broker", str(other)) for other in (1, 3))]:
        cluster.begin(role, one)
    cluster.begin("broker", str(number))
    cluster.until_in_sync(topic)
    assert stored(cluster, topic) == told
