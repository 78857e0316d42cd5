# SPDX-License-Identifier: Apache-2.0
"""Every client, every codec: what goes in comes out, in order, with keys, headers and timestamps."""

import asyncio

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
RECORDS = [(f"key-{index}".encode(), f"value-{index} ".encode() * 20) for index in range(500)]


def create(node, topic, partitions=1, **config):
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    for future in admin.create_topics([NewTopic(topic, partitions, 1, config=config)]).values():
        future.result(20)


@pytest.mark.parametrize("codec", CODECS)
def test_kcat(node, topic, codec):
    create(node, topic)
    lines = "".join(f"key-{index}:value {index}\n" for index in range(300))
    node.kcat("-P", "-t", topic, "-K:", "-z", codec, "-H", "origin=kcat", input=lines)
    read = node.kcat("-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k:%s|%h|%o\n").stdout
    assert read == "".join(f"key-{i}:value {i}|origin=kcat|{i}\n" for i in range(300))


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("idempotent", [False, True])
def test_confluent_kafka(node, topic, codec, idempotent):
    create(node, topic)
    producer = Producer({
        "bootstrap.servers": node.bootstrap, "compression.type": codec, "enable.idempotence": idempotent,
        "acks": "all", "linger.ms": 5})
    offsets = []
    for key, value in RECORDS:
        producer.produce(
            topic, value, key, headers=[("h", b"1"), ("n", None)],
            on_delivery=lambda error, message: offsets.append((error, message.offset())))
    assert producer.flush(30) == 0
    assert offsets == [(None, offset) for offset in range(len(RECORDS))]

    consumer = Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": topic, "auto.offset.reset": "earliest",
        "enable.auto.commit": False})
    consumer.subscribe([topic])
    read = []
    while len(read) < len(RECORDS):
        message = consumer.poll(20)
        assert message is not None and message.error() is None, message and message.error()
        read.append((message.key(), message.value()))
        assert message.headers() == [("h", b"1"), ("n", None)]
    consumer.close()
    assert read == RECORDS


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_kafka_python(node, topic, codec, acks):
    create(node, topic)
    producer = KafkaProducer(
        bootstrap_servers=node.bootstrap, acks=acks, compression_type=None if codec == "none" else codec, linger_ms=5)
    for key, value in RECORDS:
        producer.send(topic, key=key, value=value, headers=[("h", b"1")], timestamp_ms=1_700_000_000_000)
    producer.flush(30)
    producer.close()
    consumer = KafkaConsumer(
        bootstrap_servers=node.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=20_000)
    consumer.assign([TopicPartition(topic, 0)])
    read = []
    for message in consumer:
        assert message.timestamp == 1_700_000_000_000 and list(message.headers) == [("h", b"1")]
        read.append((message.key, message.value))
        if len(read) == len(RECORDS):
            break
    consumer.close()
    assert read == RECORDS


@pytest.mark.parametrize("codec", CODECS)
def test_aiokafka(node, topic, codec):
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    create(node, topic)

    async def round_trip():
        producer = AIOKafkaProducer(
            bootstrap_servers=node.bootstrap, compression_type=None if codec == "none" else codec,
            enable_idempotence=True)
        await producer.start()
        for key, value in RECORDS:
            await producer.send(topic, value, key)
        await producer.stop()
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=node.bootstrap, group_id=topic, auto_offset_reset="earliest")
        await consumer.start()
        read = []
        while len(read) < len(RECORDS):
            message = await asyncio.wait_for(consumer.getone(), 20)
            read.append((message.key, message.value))
        await consumer.stop()
        return read

    assert asyncio.run(round_trip()) == RECORDS


def test_a_record_of_one_codec_is_read_by_another_client(node, topic):
    create(node, topic)
    for codec in CODECS:
        node.kcat("-P", "-t", topic, "-z", codec, input=f"{codec}\n")
    consumer = KafkaConsumer(topic, bootstrap_servers=node.bootstrap, auto_offset_reset="earliest",
                             consumer_timeout_ms=20_000)
    read = [next(consumer).value.decode() for _ in CODECS]
    consumer.close()
    assert read == CODECS
