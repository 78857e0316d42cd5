# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged is there: once, in order, at the offset that was told, whatever killed the node."""

import os
import random
import threading
import time

import pytest
import wire
from confluent_kafka import Producer
from kafka import KafkaConsumer, TopicPartition
from test_clients import create

KILLS = int(os.environ.get("MYELIN_KILLS", "50"))


def read_all(node, topic, partition=0):
    """Every record of a partition up to its end, as (offset, value)."""
    consumer = KafkaConsumer(bootstrap_servers=node.bootstrap, auto_offset_reset="earliest")
    place = TopicPartition(topic, partition)
    consumer.assign([place])
    end = consumer.end_offsets([place])[place]
    read = []
    while consumer.position(place) < end:
        for messages in consumer.poll(timeout_ms=1000).values():
            read += [(message.offset, message.value) for message in messages]
    consumer.close()
    return read


@pytest.mark.parametrize("partitions, kills", [(1, KILLS), (6, KILLS // 3)])
def test_kill_in_the_middle_of_produce(own_node, topic, partitions, kills):
    node = own_node()
    create(node, topic, partitions)
    acknowledged = {}
    producer = Producer({
        "bootstrap.servers": node.bootstrap, "enable.idempotence": True, "acks": "all", "linger.ms": 1,
        "message.timeout.ms": 120_000, "retry.backoff.ms": 20, "reconnect.backoff.ms": 10,
        "reconnect.backoff.max.ms": 100, "queue.buffering.max.messages": 20_000})
    stopping = threading.Event()
    failures = []

    def acknowledge(error, message):
        if error is None:
            acknowledged[int(message.value())] = (message.partition(), message.offset())
        else:
            failures.append(error)

    def produce():
        number = 0
        while not stopping.is_set():
            try:
                producer.produce(topic, str(number), partition=number % partitions, on_delivery=acknowledge)
                number += 1
            except BufferError:
                producer.poll(0.01)
            producer.poll(0)
            time.sleep(0.0002)

    thread = threading.Thread(target=produce)
    thread.start()
    chance = random.Random(7)
    for _ in range(kills):
        before = len(acknowledged)
        deadline = time.monotonic() + 60
        while len(acknowledged) < before + 50:
            assert time.monotonic() < deadline, "no acknowledgement for 60 s"
            time.sleep(0.005)
        time.sleep(chance.random() * 0.2)
        node.restart(kill=True)
    stopping.set()
    thread.join()
    assert producer.flush(120) == 0
    assert failures == []

    stored = {}
    for partition in range(partitions):
        log = read_all(node, topic, partition)
        values = [int(value) for _, value in log]
        assert len(values) == len(set(values)), "a record is there twice"
        assert values == sorted(values), "records changed their order"
        stored |= {int(value): (partition, offset) for offset, value in log}
    assert acknowledged == {number: stored.get(number) for number in acknowledged}


def test_records_survive_an_orderly_stop(own_node, topic):
    node = own_node()
    create(node, topic)
    node.kcat("-P", "-t", topic, input="".join(f"{index}\n" for index in range(1000)))
    assert node.stop() == 0
    node.start()
    assert [value for _, value in read_all(node, topic)] == [str(index).encode() for index in range(1000)]


def test_the_end_of_a_partition_does_not_go_back_with_a_crash(own_node, topic):
    """Also in the moment after `ready` in which what recovery found is not yet known to be durable."""
    node = own_node()
    create(node, topic, **{"segment.bytes": str(1 << 20)})
    with wire.Connection(node.kafka_port) as connection:
        for number in range(300):
            batch = wire.batch([wire.record(b"x" * 10_000)])
            assert wire.produce(connection, topic, batch) == (0, number)
    for _ in range(5):
        node.restart(kill=True)
        latest = wire.string(topic) + wire.array([wire.int32(0) + wire.int64(-1)])
        with wire.Connection(node.kafka_port) as connection:
            answer = connection.ask(wire.LIST_OFFSETS, 1, wire.int32(-1) + wire.array([latest]))
        assert (answer.int32(), answer.string(), answer.int32(), answer.int32()) == (1, topic, 1, 0)
        assert (answer.int16(), answer.int64(), answer.int64()) == (0, -1, 300)
