# SPDX-License-Identifier: Apache-2.0
"""Every client on three brokers: what is acknowledged is on the replicas, and comes back."""

import asyncio
import base64
import time

import cluster_wire
import pytest
import wire
from confluent_kafka import Consumer, KafkaError, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from kafka import KafkaConsumer, KafkaProducer

PARTITIONS = 6
RECORDS = [(f"key-{index}".encode(), f"value-{index} ".encode() * 20) for index in range(600)]


def produce(cluster, topic, count, byte_count=1, **settings):
    """Sends numbered records of at least so many bytes round the partitions; (partition, offset) of each, by its number."""
    told, producer = {}, Producer({
        "bootstrap.servers": cluster.bootstrap, "acks": "all", "enable.idempotence": True, "retry.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500, "message.timeout.ms": 60_000, **settings})

    def acknowledge(error, message):
        assert error is None, error
        told[int(message.value())] = (message.partition(), message.offset())

    partitions = len(cluster.partitions(topic))
    for number in range(count):
        producer.produce(
            topic, str(number).ljust(byte_count), partition=number % partitions, on_delivery=acknowledge)
    assert producer.flush(60) == 0
    return told


def stored(cluster, topic):
    """number → (partition, offset) of every record, read from the leaders."""
    found = {}
    for partition in cluster.partitions(topic):
        address, offset = cluster.address(cluster.leader(topic, partition)), 0
        with cluster_wire.connect(address, 20) as connection:
            _, end = cluster_wire.list_offsets(connection, topic, {partition: -1})[partition]
            while offset < end:
                batches = list(cluster_wire.batches(
                    cluster_wire.fetch(connection, topic, partition, offset).content))
                found |= {int(value): (partition, place) for batch in batches for place, _, value in batch.records}
                offset = batches[-1].last + 1
    return found


# MARK: Clients

def test_kcat(cluster, topic):
    cluster.create(topic, PARTITIONS)
    lines = [f"key-{index}:value {index}" for index in range(600)]
    cluster.kcat("-P", "-t", topic, "-K:", "-X", "acks=all", input="".join(f"{line}\n" for line in lines))
    read = cluster.kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k:%s\n").stdout
    assert sorted(read.splitlines()) == sorted(lines)


def test_confluent_kafka(cluster, topic):
    cluster.create(topic, PARTITIONS)
    told = produce(cluster, topic, 600)
    assert len(told) == 600 and stored(cluster, topic) == told


def test_kafka_python(cluster, topic):
    cluster.create(topic, PARTITIONS)
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all")
    for key, value in RECORDS:
        producer.send(topic, key=key, value=value)
    producer.flush(60)
    producer.close()
    consumer = KafkaConsumer(
        topic, bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=20_000)
    read = []
    for message in consumer:
        read.append((message.key, message.value))
        if len(read) == len(RECORDS):
            break
    consumer.close()
    assert sorted(read) == sorted(RECORDS)


def test_aiokafka(cluster, topic):
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    cluster.create(topic, PARTITIONS)

    async def round_trip():
        producer = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        for key, value in RECORDS:
            await producer.send(topic, value, key)
        await producer.stop()
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=cluster.bootstrap, group_id=topic, auto_offset_reset="earliest")
        await consumer.start()
        read = []
        while len(read) < len(RECORDS):
            message = await asyncio.wait_for(consumer.getone(), 30)
            read.append((message.key, message.value))
        await consumer.stop()
        return read

    assert sorted(asyncio.run(round_trip())) == sorted(RECORDS)


# MARK: Leaders and followers

def test_every_broker_leads_its_share(cluster, topic):
    cluster.create(topic, PARTITIONS)
    leaders = [partition.leader for partition in cluster.partitions(topic).values()]
    assert {number: leaders.count(number) for number in set(leaders)} == {1: 2, 2: 2, 3: 2}


def test_a_follower_takes_no_records_and_names_nobody_elses_end(cluster, topic):
    cluster.create(topic)
    leader = cluster.leader(topic)
    follower = next(node for node in cluster.nodes("broker") if node["id"] != leader)
    with cluster_wire.connect(follower["kafka"], 20) as connection:
        code, _ = wire.produce(connection, topic, wire.batch([wire.record(b"x")]))
        assert code == cluster_wire.NOT_LEADER
        assert cluster_wire.list_offsets(connection, topic, {0: -1})[0][0] == cluster_wire.NOT_LEADER


def test_a_refusal_names_the_leader_and_where_it_is_reached(cluster, topic):
    """KIP-951: a client goes on without asking for metadata."""
    cluster.create(topic)
    before = cluster.partitions(topic)[0]
    at = {node["id"]: tuple(node["kafka"].split(":")) for node in cluster.nodes("broker")}

    def where(hints):
        return {node: (host, str(port)) for node, (host, port, _) in hints.endpoints.items()}
    batch = wire.batch([wire.record(b"x")])
    follower = next(broker for broker in before.replicas if broker != before.leader)
    with cluster_wire.connect(cluster.address(follower), 20) as connection:
        def ask():
            told = cluster_wire.produce_hints(connection, topic, batch)
            return told if told.error == cluster_wire.NOT_LEADER else None
        told = cluster.until("the follower knows the topic", ask)
        assert told[1:3] == (before.leader, before.epoch)
        assert where(told) == {before.leader: at[before.leader]}
    with cluster_wire.connect(cluster.address(before.leader), 20) as connection:
        assert cluster_wire.produce_hints(connection, topic, batch) == (0, -1, -1, {})
    cluster.kill("broker", before.leader)
    after = cluster.until(
        "another leads", lambda: next((one for one in cluster.partitions(topic).values() if one.epoch > before.epoch
                                       and one.leader > 0), None))
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    topic_id = str(admin.describe_topics(TopicCollection([topic]))[topic].result(20).topic_id)
    raw = base64.urlsafe_b64decode(topic_id + "==")
    with cluster_wire.connect(cluster.address(after.leader), 20) as connection:
        told = cluster_wire.fetch_hints(connection, raw, before.epoch)
        assert told[:3] == (cluster_wire.FENCED_LEADER_EPOCH, after.leader, after.epoch)
        assert where(told) == {after.leader: at[after.leader]}
        assert cluster_wire.fetch_hints(connection, raw, after.epoch) == (0, -1, -1, {})


def test_a_leader_tells_a_client_of_an_older_and_of_a_newer_epoch(cluster, topic):
    cluster.create(topic)
    before = cluster.partitions(topic)[0]
    cluster.kill("broker", before.leader)
    cluster.until("another leads", lambda: cluster.partitions(topic)[0].leader not in (before.leader, -1))
    after = cluster.partitions(topic)[0]
    assert after.epoch > before.epoch and after.leader in before.isr
    with cluster_wire.connect(cluster.address(after.leader), 20) as connection:
        def ask(epoch):
            return cluster_wire.list_offsets(connection, topic, {0: epoch})[0][0]
        assert ask(after.epoch) in (cluster_wire.NONE, cluster_wire.OFFSET_NOT_AVAILABLE)
        assert ask(before.epoch) == cluster_wire.FENCED_LEADER_EPOCH
        assert ask(after.epoch + 1) == cluster_wire.UNKNOWN_LEADER_EPOCH


def test_a_consumer_reads_from_the_replica_in_its_rack(cluster, topic):
    """KIP-392: the leader names the replica, and that one serves up to the high watermark."""
    cluster.create(topic)
    told = produce(cluster, topic, 100)
    leader = cluster.leader(topic)
    near = next(node for node in cluster.nodes("broker") if node["id"] != leader)
    with cluster_wire.connect(cluster.address(leader), 20) as connection:
        answer = cluster_wire.fetch(connection, topic, 0, 0, rack=near["rack"])
        assert (answer.error, answer.preferred_replica) == (0, near["id"])
        same = cluster_wire.fetch(connection, topic, 0, 0, rack=cluster.node("broker", leader)["rack"])
        assert same.error == 0 and same.preferred_replica == -1 and same.content
    with cluster_wire.connect(near["kafka"], 20) as connection:
        def read():
            answer = cluster_wire.fetch(connection, topic, 0, 0, rack=near["rack"])
            assert answer.error == 0 and answer.high_watermark <= 100
            return answer if answer.high_watermark == 100 else None
        answer = cluster.until("the follower knows the high watermark", read)
        numbers = [int(value) for batch in cluster_wire.batches(answer.content) for _, _, value in batch.records]
        assert numbers == sorted(told)
        assert cluster_wire.fetch(connection, topic, 0, 101).error in (
            cluster_wire.OFFSET_OUT_OF_RANGE, cluster_wire.OFFSET_NOT_AVAILABLE)


def test_a_follower_that_was_away_shows_all_that_is_committed_though_nothing_new_comes(cluster, topic):
    cluster.create(topic)
    produce(cluster, topic, 10)
    leader = cluster.leader(topic)
    near = next(node for node in cluster.nodes("broker") if node["id"] != leader)
    cluster.kill("broker", near["id"])
    produce(cluster, topic, 100)
    cluster.begin("broker", near["id"])
    cluster.until_in_sync(topic)
    with cluster_wire.connect(cluster.node("broker", near["id"])["kafka"], 20) as connection:
        cluster.until(
            "the follower knows the high watermark",
            lambda: cluster_wire.fetch(connection, topic, 0, 0, rack=near["rack"]).high_watermark == 110)


def test_confluent_kafka_with_a_rack_reads_what_the_leader_has(cluster, topic):
    cluster.create(topic, 3)
    told = produce(cluster, topic, 300)
    for rack in ("a", "b", "c"):
        consumer = Consumer({
            "bootstrap.servers": cluster.bootstrap, "group.id": topic, "client.rack": rack,
            "auto.offset.reset": "earliest", "enable.auto.commit": False})
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(3)])
        read, deadline = {}, time.monotonic() + 30
        while len(read) < 300:
            assert time.monotonic() < deadline, f"{len(read)} of 300 records in rack {rack}"
            message = consumer.poll(1)
            if message is not None and message.error() is None:
                read[int(message.value())] = (message.partition(), message.offset())
        consumer.close()
        assert read == told


# MARK: Too few replicas

def test_without_enough_replicas_nothing_is_acknowledged_and_later_everything(cluster, topic):
    cluster.create(topic, **{"min.insync.replicas": "2"})
    assert len(produce(cluster, topic, 10)) == 10
    leader = cluster.leader(topic)
    followers = [node["id"] for node in cluster.nodes("broker") if node["id"] != leader]
    for number in followers:
        cluster.kill("broker", number)
    cluster.until("the leader is alone", lambda: cluster.partitions(topic)[0].isr == [leader])
    with cluster_wire.connect(cluster.address(leader), 20) as connection:
        code, _ = wire.produce(connection, topic, wire.batch([wire.record(b"refused")]))
        assert code in (cluster_wire.NOT_ENOUGH_REPLICAS, cluster_wire.NOT_ENOUGH_AFTER_APPEND)
        # acks=1 asks for less than the topic's minimum and gets it; readers do not, until a second replica has it.
        code, offset = wire.produce(connection, topic, wire.batch([wire.record(b"10")]), acks=1)
        assert (code, offset) == (0, 10)
        answer = cluster_wire.fetch(connection, topic, 0, 0)
        assert answer.error == 0 and answer.high_watermark == 10

    errors = []
    impatient = Producer({
        "bootstrap.servers": cluster.bootstrap, "acks": "all", "retries": 0, "message.timeout.ms": 8000})
    impatient.produce(topic, b"x", on_delivery=lambda error, _: errors.append(error.code()))
    impatient.flush(30)
    assert errors and errors[0] in (
        KafkaError.NOT_ENOUGH_REPLICAS, KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND, KafkaError._MSG_TIMED_OUT)

    for number in followers:
        cluster.begin("broker", number)
    cluster.until_in_sync(topic)
    assert len(produce(cluster, topic, 10)) == 10
    assert 10 in stored(cluster, topic)


@pytest.mark.parametrize("victims", [1, 2])
def test_a_topic_with_one_copy_required_goes_on_while_brokers_die(cluster, topic, victims):
    cluster.create(topic, 3, **{"min.insync.replicas": "1"})
    told = produce(cluster, topic, 300)
    dead = [node["id"] for node in cluster.nodes("broker")][:victims]
    for number in dead:
        cluster.kill("broker", number)
        cluster.until(
            f"broker {number} leads nothing and is in no set of replicas in sync",
            lambda: all(one.leader > 0 and number not in one.isr for one in cluster.partitions(topic).values()))
    assert stored(cluster, topic) == told
    assert len(produce(cluster, topic, 30)) == 30
