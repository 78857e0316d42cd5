# SPDX-License-Identifier: Apache-2.0
"""Compacted topics, written and read by real clients while the node compacts, dies and starts again."""

import random
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, OffsetSpec

# A pass every moment, small segments, and tombstones that stay until a test is over.
SETTINGS = {"log.cleaner.backoff.ms": 50, "group.initial.rebalance.delay.ms": 100}
TOPIC = {
    "cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "3600000", "file.delete.delay.ms": "100",
}


def produce(bootstrap, topic, records, codec="none"):
    """Writes pairs, None for a tombstone, and returns when all are acknowledged."""
    producer = Producer({
        "bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": codec, "linger.ms": 5})
    failures = []
    for key, value in records:
        producer.produce(
            topic, key=key, value=value, partition=0,
            on_delivery=lambda error, _: failures.append(error) if error else None)
        producer.poll(0)
    assert producer.flush(60) == 0
    assert not failures, failures[:3]


def read(bootstrap, topic, start=0, isolation="read_committed"):
    """Every record from `start` to the end, in order; fails when the end does not come."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "nobody", "enable.auto.commit": False, "enable.partition.eof": True,
        "auto.offset.reset": "error", "isolation.level": isolation})
    consumer.assign([TopicPartition(topic, 0, start)])
    found, deadline = [], time.monotonic() + 60
    try:
        while True:
            message = consumer.poll(1)
            assert time.monotonic() < deadline, f"no end after {len(found)} records of {topic}"
            if message is None:
                continue
            if message.error():
                assert message.error().name() == "_PARTITION_EOF", message.error()
                return found
            found.append((message.offset(), message.key().decode(), message.value()))
    finally:
        consumer.close()


def table(records):
    """What is left when tombstones have had their effect."""
    return last_values((key, value) for _, key, value in records)


def random_records(seed, count, keys):
    entropy = random.Random(seed)
    return [
        (f"key-{entropy.randrange(keys)}", None if entropy.random() < 0.1 else f"{number}-{'x' * 100}".encode())
        for number in range(count)
    ]


def last_values(records, table=None):
    table = dict(table or {})
    for key, value in records:
        table.pop(key, None) if value is None else table.update({key: value})
    return table


def close_segment(bootstrap, topic):
    """Only closed segments are compacted: a later record closes the one before."""
    time.sleep(0.15)
    produce(bootstrap, topic, [("end", b"x")])


def until_small(bootstrap, topic, count, seconds=40):
    """Waits until so few records are left, and returns them."""
    deadline = time.monotonic() + seconds
    while True:
        found = read(bootstrap, topic)
        if len(found) <= count:
            return found
        assert time.monotonic() < deadline, f"{len(found)} records are left, not {count}"
        time.sleep(0.2)


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_last_values_stay_at_their_offsets(own_node, topic, codec):
    node = own_node(settings=SETTINGS)
    settings = [f"--set={name}={value}" for name, value in TOPIC.items()]
    node.myelin("topic", "create", topic, *settings)
    records = random_records(1, 2000, 50)
    produce(node.bootstrap, topic, records, codec)
    before = read(node.bootstrap, topic)
    close_segment(node.bootstrap, topic)
    found = until_small(node.bootstrap, topic, 60)
    assert [record for record in found if record[1] != "end"] == sorted(
        {key: (offset, key, value) for offset, key, value in before}.values())
    # From inside what was compacted away, at a time, and to the end.
    assert read(node.bootstrap, topic, start=7)[0] == found[0]
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    partition = TopicPartition(topic, 0)
    earliest = admin.list_offsets({partition: OffsetSpec.earliest()})[partition].result(10)
    latest = admin.list_offsets({partition: OffsetSpec.latest()})[partition].result(10)
    assert (earliest.offset, latest.offset) == (0, len(records) + 1)
    node.restart()
    assert read(node.bootstrap, topic) == found
    node.restart(kill=True)
    assert read(node.bootstrap, topic) == found


def test_last_values_survive_kill_9_in_the_middle_of_compaction(own_node, topic):
    # Slow enough that a kill falls into passes and exchanges, now here, now there.
    node = own_node(settings={**SETTINGS, "log.cleaner.io.max.bytes.per.second": 4_000_000})
    settings = [f"--set={name}={value}" for name, value in TOPIC.items()]
    node.myelin("topic", "create", topic, *settings)
    expected, entropy = {}, random.Random(7)
    for round_number in range(8):
        records = random_records(round_number, 3000, 200)
        produce(node.bootstrap, topic, records, random.Random(round_number).choice(["none", "lz4", "zstd"]))
        expected = last_values(records, expected)
        time.sleep(entropy.random())
        node.restart(kill=True)
        found = table(read(node.bootstrap, topic))
        found.pop("end", None)
        assert found == expected
    close_segment(node.bootstrap, topic)
    until_small(node.bootstrap, topic, 220, seconds=90)
    found = table(read(node.bootstrap, topic))
    found.pop("end")
    assert found == expected
    findings = node.myelin("doctor", check=False).stdout
    assert "cannot be compacted" not in findings and "at byte" not in findings


def test_tombstones_go_after_their_time(own_node, topic):
    node = own_node(settings=SETTINGS)
    settings = [f"--set={name}={value}" for name, value in {**TOPIC, "delete.retention.ms": "1500"}.items()]
    node.myelin("topic", "create", topic, *settings)
    produce(node.bootstrap, topic, [("a", b"1"), ("b", b"1"), ("a", None)])
    close_segment(node.bootstrap, topic)
    found = until_small(node.bootstrap, topic, 3)
    assert [(key, value) for _, key, value in found][:2] == [("b", b"1"), ("a", None)]
    time.sleep(2)
    close_segment(node.bootstrap, topic)
    deadline = time.monotonic() + 20
    while any(key == "a" for _, key, _ in read(node.bootstrap, topic)):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert table(read(node.bootstrap, topic)) == {"b": b"1", "end": b"x"}


def test_an_idempotent_producer_goes_on_after_its_records_are_compacted_away(own_node, topic):
    node = own_node(settings=SETTINGS)
    settings = [f"--set={name}={value}" for name, value in TOPIC.items()]
    node.myelin("topic", "create", topic, *settings)
    producer = Producer({"bootstrap.servers": node.bootstrap, "enable.idempotence": True})
    failures = []
    for number in range(20):
        producer.produce(
            topic, key="mine", value=str(number), partition=0,
            on_delivery=lambda error, _: failures.append(error) if error else None)
        assert producer.flush(30) == 0
    produce(node.bootstrap, topic, [("mine", b"others'")])
    close_segment(node.bootstrap, topic)
    until_small(node.bootstrap, topic, 2)
    node.restart(kill=True)
    producer.produce(
        topic, key="mine", value="20", partition=0,
        on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(60) == 0
    assert not failures
    assert table(read(node.bootstrap, topic))["mine"] == b"20"


def transactional(bootstrap, name):
    producer = Producer({
        "bootstrap.servers": bootstrap, "transactional.id": name, "retry.backoff.ms": 50, "reconnect.backoff.max.ms": 500})
    producer.init_transactions(60)
    return producer


def write(producer, topic, records):
    for key, value in records:
        producer.produce(topic, key=key, value=value, partition=0)
        producer.poll(0)


def aborted(records):
    """The same keys, with what no reader of committed records may see; no tombstone, which would look like a lost value."""
    return [(key, b"aborted") for key, _ in records]


def test_a_transactional_log_is_compacted_to_what_was_committed(own_node, topic):
    # Slow enough that a kill falls into passes and exchanges, now here, now there.
    node = own_node(settings={**SETTINGS, "log.cleaner.io.max.bytes.per.second": 4_000_000})
    settings = [f"--set={name}={value}" for name, value in TOPIC.items()]
    node.myelin("topic", "create", topic, *settings)
    expected, entropy = {}, random.Random(11)

    def committed(isolation="read_committed"):
        found = table(read(node.bootstrap, topic, isolation=isolation))
        found.pop("end", None)
        return found

    for round_number in range(6):
        # Fences the one before, and aborts what it left open.
        producer = transactional(node.bootstrap, "writer")
        for part in range(4):
            records = random_records(10 * round_number + part, 300, 60)
            producer.begin_transaction()
            if part % 2 == 1:
                write(producer, topic, aborted(records))
                producer.flush(60)
                producer.abort_transaction(60)
            else:
                write(producer, topic, records)
                producer.commit_transaction(60)
                expected = last_values(records, expected)
        producer.begin_transaction()
        write(producer, topic, aborted(random_records(round_number, 200, 60)))
        assert producer.flush(60) == 0
        time.sleep(entropy.random())
        node.restart(kill=True)
        assert committed() == expected
    transactional(node.bootstrap, "writer")
    close_segment(node.bootstrap, topic)
    deadline = time.monotonic() + 90
    while True:
        # Nobody is shown an aborted record any more, who asks for all of them either.
        found = read(node.bootstrap, topic, isolation="read_uncommitted")
        if len(found) <= 64 and all(value != b"aborted" for _, _, value in found):
            break
        assert time.monotonic() < deadline, f"{len(found)} records are left"
        time.sleep(0.2)
    assert committed() == committed("read_uncommitted") == expected
    node.restart(kill=True)
    assert committed() == committed("read_uncommitted") == expected
    findings = node.myelin("doctor", check=False).stdout
    assert "cannot be compacted" not in findings and "at byte" not in findings


def test_the_topics_of_coordinators_are_compacted_and_load(own_node, topic):
    node = own_node(settings={**SETTINGS, "transaction.state.log.num.partitions": 1, "offsets.topic.num.partitions": 1})
    node.myelin("topic", "create", topic)
    producer = transactional(node.bootstrap, "writer")
    consumer = Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": "readers", "enable.auto.commit": False,
        "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])

    def step(number):
        """One record in, and its offset committed within the transaction that wrote it."""
        producer.begin_transaction()
        write(producer, topic, [("a", str(number))])
        producer.send_offsets_to_transaction(
            [TopicPartition(topic, 0, number)], consumer.consumer_group_metadata(), 60)
        producer.commit_transaction(60)

    produce(node.bootstrap, topic, [("first", b"x")])
    deadline = time.monotonic() + 60
    while consumer.poll(1) is None:
        assert time.monotonic() < deadline
    for number in range(30):
        step(number)
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    internal = ["__transaction_state", "__consumer_offsets"]
    for name in internal:
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
            for key, value in [("segment.ms", "50"), ("min.cleanable.dirty.ratio", "0.01")]]
        resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
        admin.incremental_alter_configs([resource])[resource].result(30)
    time.sleep(0.1)
    # The record that closes the segments of before.
    step(30)
    for name in internal:
        deadline = time.monotonic() + 60
        while len(found := raw(node.bootstrap, name)) > 12:
            assert time.monotonic() < deadline, f"{len(found)} records are left in {name}"
            time.sleep(0.2)
    node.restart(kill=True)
    # Loads what is left of its id; the consumer is still a member of what is left of its group.
    producer = transactional(node.bootstrap, "writer")
    step(31)
    found = consumer.committed([TopicPartition(topic, 0)], 60)
    assert found[0].offset == 31
    consumer.close()
    node.restart()
    transactional(node.bootstrap, "writer")
    described = node.myelin("txn", "describe", "writer").stdout
    assert "CompleteCommit" in described or "Empty" in described, described


def raw(bootstrap, topic):
    """Offsets of all records of a partition whose keys are nobody's text."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "nobody", "enable.auto.commit": False, "enable.partition.eof": True,
        "auto.offset.reset": "error", "isolation.level": "read_uncommitted"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found, deadline = [], time.monotonic() + 60
    try:
        while True:
            message = consumer.poll(1)
            assert time.monotonic() < deadline, f"no end after {len(found)} records of {topic}"
            if message is None:
                continue
            if message.error():
                assert message.error().name() == "_PARTITION_EOF", message.error()
                return found
            found.append(message.offset())
    finally:
        consumer.close()


def test_a_follower_that_was_away_catches_up_from_a_compacted_leader(own_cluster, topic):
    cluster = own_cluster(brokers=3, controllers=1, settings=SETTINGS)
    cluster.create(topic, 1, **TOPIC)
    records = random_records(3, 1000, 50)
    produce(cluster.bootstrap, topic, records)
    away = next(node["id"] for node in cluster.nodes("broker") if node["id"] != cluster.leader(topic))
    cluster.kill("broker", away)
    more = random_records(4, 3000, 50)
    produce(cluster.bootstrap, topic, more)
    close_segment(cluster.bootstrap, topic)
    expected = last_values(records + more)
    until_small(cluster.bootstrap, topic, 60)
    cluster.begin("broker", away)
    cluster.until_in_sync(topic)
    # Whoever leads, readers see the same last values.
    for _ in range(3):
        found = table(read(cluster.bootstrap, topic))
        found.pop("end")
        assert found == expected
        leader = cluster.leader(topic)
        cluster.stop("broker", leader)
        cluster.until("another leads", lambda: cluster.leader(topic) not in (leader, -1))
        found = table(read(cluster.bootstrap, topic))
        found.pop("end")
        assert found == expected
        cluster.begin("broker", leader)
        cluster.until_in_sync(topic)
