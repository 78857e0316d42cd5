# SPDX-License-Identifier: Apache-2.0
"""What a record keeps on its way through the log, and how it is found again."""

import json
import time

import pytest
from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec
from kafka import KafkaConsumer
from kafka import TopicPartition as Place
from test_clients import create

NEW_YEAR_2020 = 1_577_836_800_000


def produce(node, topic, values, partition=0, **settings):
    """The offset or the error of each value, in order."""
    outcomes = []
    producer = Producer({"bootstrap.servers": node.bootstrap, **settings})
    for value in values:
        producer.produce(
            topic, value, partition=partition,
            on_delivery=lambda error, message: outcomes.append(error.code() if error else message.offset()))
        producer.poll(0)
    assert producer.flush(60) == 0
    return outcomes


def consume(node, topic, count, partition=0, offset=0, **settings):
    consumer = Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": "direct", "enable.auto.commit": False, **settings})
    consumer.assign([TopicPartition(topic, partition, offset)])
    messages = []
    while len(messages) < count:
        message = consumer.poll(30)
        assert message is not None, f"{len(messages)} of {count} records after 30 s"
        assert message.error() is None, message.error()
        messages.append(message)
    consumer.close()
    return messages


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_acks(node, topic, acks):
    create(node, topic)
    outcomes = produce(node, topic, [f"{index}" for index in range(100)], acks=acks)
    # With acks=0 the node says nothing, so the client does not know the offsets.
    assert outcomes == ([None] * 100 if acks == "0" else list(range(100)))
    assert [m.value() for m in consume(node, topic, 100)] == [b"%d" % index for index in range(100)]


def test_empty_and_missing_keys_and_values_are_told_apart(node, topic):
    create(node, topic)
    pairs = [(None, b"value"), (b"", b"value"), (b"key", None), (b"key", b""), (None, None)]
    producer = Producer({"bootstrap.servers": node.bootstrap})
    for key, value in pairs:
        producer.produce(topic, value, key, headers=[("", b""), ("same", b"1"), ("same", None), ("\u00e9", b"\x00\xff")])
    assert producer.flush(30) == 0
    messages = consume(node, topic, len(pairs))
    assert [(m.key(), m.value()) for m in messages] == pairs
    assert all(m.headers() == [("", b""), ("same", b"1"), ("same", None), ("\u00e9", b"\x00\xff")] for m in messages)


def test_a_record_keeps_the_time_of_its_producer(node, topic):
    create(node, topic)
    producer = Producer({"bootstrap.servers": node.bootstrap})
    for day in range(5):
        producer.produce(topic, b"x", timestamp=NEW_YEAR_2020 + day * 86_400_000)
    assert producer.flush(30) == 0
    times = [message.timestamp() for message in consume(node, topic, 5)]
    assert times == [(TIMESTAMP_CREATE_TIME, NEW_YEAR_2020 + day * 86_400_000) for day in range(5)]


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_a_topic_can_stamp_records_with_the_time_of_their_append(node, topic, codec):
    create(node, topic, **{"message.timestamp.type": "LogAppendTime"})
    before = int(time.time() * 1000)
    producer = Producer({"bootstrap.servers": node.bootstrap, "compression.type": codec})
    told = []
    for _ in range(3):
        producer.produce(topic, b"x", timestamp=NEW_YEAR_2020, on_delivery=lambda _, m: told.append(m.timestamp()))
    assert producer.flush(30) == 0
    after = int(time.time() * 1000)
    read = [message.timestamp() for message in consume(node, topic, 3)]
    assert read == told
    for kind, stamp in read:
        assert kind == TIMESTAMP_LOG_APPEND_TIME and before <= stamp <= after


def test_a_record_as_large_as_the_limit_is_taken_and_a_larger_one_refused(node, topic):
    limit = 100_000
    create(node, topic, **{"max.message.bytes": str(limit)})
    # A batch of one record: 61 bytes of header, then length, attributes, deltas, key length, value length, header count.
    overhead = 61 + 3 + 1 + 1 + 1 + 1 + 3 + 1
    assert produce(node, topic, [b"v" * (limit - overhead)]) == [0]
    assert produce(node, topic, [b"v" * (limit - overhead + 1)]) == [KafkaError.MSG_SIZE_TOO_LARGE]
    assert produce(node, topic, [b"after"]) == [1]
    # A consumer whose limits are below the size of the first batch gets it all the same (KIP-74).
    first, second = consume(
        node, topic, 2, **{"fetch.message.max.bytes": 1000, "fetch.max.bytes": 1_000_000})
    assert len(first.value()) == limit - overhead and second.value() == b"after"


def test_a_record_of_the_largest_size_by_default(node, topic):
    create(node, topic)
    value = bytes(range(256)) * 4090
    assert produce(node, topic, [value], **{"message.max.bytes": 2_000_000}) == [0]
    assert consume(node, topic, 1)[0].value() == value


@pytest.mark.parametrize("stored", ["uncompressed", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("sent", ["none", "zstd"])
def test_a_topic_can_choose_the_codec_of_its_records(node, topic, stored, sent):
    create(node, topic, **{"compression.type": stored})
    values = [f"value {index} ".encode() * 30 for index in range(200)]
    assert produce(node, topic, values, **{"compression.type": sent, "linger.ms": 50}) == list(range(200))
    assert [message.value() for message in consume(node, topic, 200)] == values
    # Base offset 8, length 4, epoch 4, magic 1, CRC 4, then the attributes, whose low bits are the codec.
    header = (node.data / f"{topic}-0" / "00000000000000000000.log").read_bytes()[:23]
    assert header[22] & 7 == ["uncompressed", "gzip", "snappy", "lz4", "zstd"].index(stored)


def test_offsets_are_found_by_time(node, topic):
    create(node, topic)
    producer = Producer({"bootstrap.servers": node.bootstrap, "linger.ms": 0})
    for index in range(50):
        producer.produce(topic, b"%d" % index, timestamp=NEW_YEAR_2020 + index * 1000)
        if index % 7 == 0:
            assert producer.flush(30) == 0
    assert producer.flush(30) == 0

    consumer = Consumer({"bootstrap.servers": node.bootstrap, "group.id": topic})

    def offset_at(timestamp):
        (found,) = consumer.offsets_for_times([TopicPartition(topic, 0, timestamp)], timeout=20)
        return found.offset

    assert offset_at(0) == 0
    assert offset_at(NEW_YEAR_2020) == 0
    assert [offset_at(NEW_YEAR_2020 + index * 1000) for index in range(50)] == list(range(50))
    assert offset_at(NEW_YEAR_2020 + 8_001) == 9
    assert offset_at(NEW_YEAR_2020 + 50_000) in (-1, 50)
    consumer.close()


def test_the_offset_of_the_latest_time_is_not_the_last_offset(node, topic):
    create(node, topic)
    producer = Producer({"bootstrap.servers": node.bootstrap})
    for minutes in (1, 9, 3, 9, 2):
        producer.produce(topic, b"x", timestamp=NEW_YEAR_2020 + minutes * 60_000)
    assert producer.flush(30) == 0
    admin = AdminClient({"bootstrap.servers": node.bootstrap})

    def ask(spec):
        place = TopicPartition(topic, 0)
        return admin.list_offsets({place: spec})[place].result(20)

    assert ask(OffsetSpec.earliest()).offset == 0
    assert ask(OffsetSpec.latest()).offset == 5
    latest = ask(OffsetSpec.max_timestamp())
    assert (latest.offset, latest.timestamp) == (1, NEW_YEAR_2020 + 9 * 60_000)
    assert ask(OffsetSpec.for_timestamp(NEW_YEAR_2020 + 2 * 60_000)).offset == 1


def test_an_empty_partition_has_no_offset_by_time(node, topic):
    create(node, topic)
    consumer = KafkaConsumer(bootstrap_servers=node.bootstrap)
    place = Place(topic, 0)
    assert consumer.offsets_for_times({place: NEW_YEAR_2020}) == {place: None}
    assert consumer.beginning_offsets([place]) == {place: 0} == consumer.end_offsets([place])
    consumer.close()


@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
def test_isolation_levels_read_all_that_no_transaction_wrote(node, topic, isolation):
    create(node, topic)
    produce(node, topic, ["a", "b", "c"], **{"enable.idempotence": True})
    messages = consume(node, topic, 3, **{"isolation.level": isolation})
    assert [message.value() for message in messages] == [b"a", b"b", b"c"]


def test_a_consumer_seeks_and_knows_its_lag(node, topic):
    create(node, topic)
    produce(node, topic, [f"{index}" for index in range(1000)])
    consumer = KafkaConsumer(bootstrap_servers=node.bootstrap, consumer_timeout_ms=20_000, max_poll_records=10)
    place = Place(topic, 0)
    consumer.assign([place])
    for start in (990, 0, 500, 999):
        consumer.seek(place, start)
        message = next(consumer)
        assert (message.offset, message.value) == (start, b"%d" % start)
        assert consumer.highwater(place) == 1000
        assert consumer.position(place) == start + 1
    consumer.seek_to_beginning(place)
    assert consumer.position(place) == 0
    consumer.seek_to_end(place)
    assert consumer.position(place) == 1000
    consumer.close()


def test_an_offset_out_of_range_is_said(node, topic):
    create(node, topic)
    produce(node, topic, ["a"])
    consumer = Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": topic, "auto.offset.reset": "error",
        "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 77)])
    message = consumer.poll(20)
    # librdkafka answers OFFSET_OUT_OF_RANGE with the error of its own reset policy.
    assert message is not None and message.error().code() in (
        KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
    consumer.close()


def test_a_fetch_session_over_a_hundred_partitions(node, topic):
    create(node, topic, partitions=100)
    consumer = Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": topic, "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "fetch.wait.max.ms": 100})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(100)])
    python = KafkaConsumer(bootstrap_servers=node.bootstrap, fetch_max_wait_ms=100, auto_offset_reset="earliest")
    python.assign([Place(topic, partition) for partition in range(100)])
    for turn in range(3):
        producer = Producer({"bootstrap.servers": node.bootstrap})
        for partition in range(turn, 100, 3):
            producer.produce(topic, f"{partition}", partition=partition)
        assert producer.flush(30) == 0
        wanted = {(partition, b"%d" % partition) for partition in range(turn, 100, 3)}
        read = set()
        while read != wanted:
            message = consumer.poll(30)
            assert message is not None and message.error() is None, sorted(wanted - read)
            read.add((message.partition(), message.value()))
            assert read <= wanted
        read = set()
        deadline = time.monotonic() + 30
        while read != wanted:
            assert time.monotonic() < deadline, sorted(wanted - read)
            for place, messages in python.poll(timeout_ms=1000).items():
                read |= {(place.partition, message.value) for message in messages}
            assert read <= wanted
    consumer.close()
    python.close()


def test_a_waiting_fetch_is_answered_when_its_time_is_up(node, topic):
    """A consumer at the end of one partition still reaches the other ones, whichever shard they are on."""
    create(node, topic, partitions=2)
    consumer = Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": topic, "enable.auto.commit": False,
        "fetch.wait.max.ms": 7, "statistics.interval.ms": 0})
    consumer.assign([TopicPartition(topic, 0, 0)])
    # Each round of 7 ms is a wait that must end; all of them stay within the deadline only if none hangs.
    assert consumer.poll(3) is None
    consumer.incremental_assign([TopicPartition(topic, 1, 0)])
    produce(node, topic, ["late"], partition=1)
    message = consumer.poll(10)
    assert message is not None and message.value() == b"late"
    consumer.close()


# MARK: Clients of other years

@pytest.mark.parametrize("fallback", ["2.3.0", "1.0.0", "0.11.0.0"])
def test_librdkafka_that_does_not_ask_for_versions(node, topic, fallback):
    create(node, topic)
    old = {"api.version.request": "false", "broker.version.fallback": fallback}
    assert produce(node, topic, ["a", "b"], **old) == [0, 1]
    assert [m.value() for m in consume(node, topic, 2, **old)] == [b"a", b"b"]


@pytest.mark.parametrize("version", [(1, 1), (2, 1), (2, 4), (3, 0)])
def test_kafka_python_that_believes_in_an_older_node(node, topic, version):
    from kafka import KafkaProducer

    create(node, topic)
    producer = KafkaProducer(bootstrap_servers=node.bootstrap, api_version=version, acks="all")
    told = [producer.send(topic, b"%d" % index) for index in range(20)]
    producer.flush(30)
    assert [one.get(20).offset for one in told] == list(range(20))
    producer.close()
    consumer = KafkaConsumer(
        topic, bootstrap_servers=node.bootstrap, api_version=version, group_id=topic, auto_offset_reset="earliest",
        consumer_timeout_ms=30_000)
    assert [next(consumer).value for _ in range(20)] == [b"%d" % index for index in range(20)]
    consumer.close()


def test_kcat_lists_the_cluster(node, topic):
    create(node, topic, partitions=3)
    listed = json.loads(node.kcat("-L", "-J").stdout)
    (broker,) = listed["brokers"]
    assert broker["name"] == node.bootstrap
    assert listed["controllerid"] == broker["id"]
    (found,) = [entry for entry in listed["topics"] if entry["topic"] == topic]
    assert [partition["partition"] for partition in found["partitions"]] == [0, 1, 2]
    for partition in found["partitions"]:
        assert partition["leader"] == broker["id"]
        assert partition["replicas"] == partition["isrs"] == [{"id": broker["id"]}]


def test_a_topic_is_made_by_its_first_record_only_where_that_is_allowed(node, own_node, topic):
    assert produce(node, topic, ["a"]) == [0]
    strict = own_node(settings={"auto.create.topics.enable": "false"})
    outcomes = produce(strict, topic, ["a"], **{
        "message.timeout.ms": 5000, "topic.metadata.propagation.max.ms": 500})
    assert outcomes == [KafkaError._UNKNOWN_TOPIC] or outcomes == [KafkaError.UNKNOWN_TOPIC_OR_PART]
    with pytest.raises(KafkaException) as refused:
        admin = AdminClient({"bootstrap.servers": strict.bootstrap})
        for future in admin.describe_configs([ConfigResource("topic", topic)]).values():
            future.result(20)
    assert refused.value.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART
