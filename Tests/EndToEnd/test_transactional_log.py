# SPDX-License-Identifier: Apache-2.0
"""What a partition knows of transactions: markers, fencing, the last stable offset, aborted transactions, group offsets."""

import time

import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from kafka.protocol.consumer.fetch import FetchRequest, FetchResponse
from kafka.protocol.consumer.offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.protocol.metadata.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from kafka.protocol.producer.transaction import (
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, InitProducerIdRequest, InitProducerIdResponse,
    TxnOffsetCommitRequest, TxnOffsetCommitResponse, WriteTxnMarkersRequest, WriteTxnMarkersResponse)

import wire

DESCRIBE_PRODUCERS = 61
TRANSACTIONAL = 0x10
NONE, NOT_ENOUGH_REPLICAS, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE = 0, 19, 47, 48
CONCURRENT_TRANSACTIONS, COORDINATOR_FENCED = 51, 52
NOT_READY = {14, 15, 16}


def ask(connection, request, response):
    """Sends a message of kafka-python's and decodes the answer."""
    version = request.API_VERSION
    flexible = request.flexible_version_q(version)
    answer = connection.ask(request.API_KEY, version, bytes(request.encode()), flexible)
    return response.decode(answer.rest, version=version)


class Transactions:
    """One transactional producer, by hand."""

    def __init__(self, connection, name):
        self.connection, self.name = connection, name
        self.sequence = 0
        ask(connection, FindCoordinatorRequest(version=2, key=name, key_type=1), FindCoordinatorResponse)
        deadline = time.monotonic() + 20
        while True:
            answer = ask(
                connection,
                InitProducerIdRequest(
                    version=4, transactional_id=name, transaction_timeout_ms=60_000, producer_id=-1,
                    producer_epoch=-1), InitProducerIdResponse)
            if answer.error_code not in NOT_READY or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        assert answer.error_code == NONE
        self.producer = (answer.producer_id, answer.producer_epoch)

    def add(self, topic, partition=0):
        Topic = AddPartitionsToTxnRequest.AddPartitionsToTxnTopic
        for _ in range(100):
            answer = ask(
                self.connection,
                AddPartitionsToTxnRequest(
                    version=3, v3_and_below_transactional_id=self.name, v3_and_below_producer_id=self.producer[0],
                    v3_and_below_producer_epoch=self.producer[1],
                    v3_and_below_topics=[Topic(name=topic, partitions=[partition])]), AddPartitionsToTxnResponse)
            code = answer.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code
            if code != CONCURRENT_TRANSACTIONS:
                return code
            time.sleep(0.05)
        return code

    def produce(self, topic, values, producer=None, sequence=None):
        identity = producer or self.producer
        batch = wire.batch(
            [wire.record(value, offset_delta=place) for place, value in enumerate(values)],
            producer=(*identity, self.sequence if sequence is None else sequence), attributes=TRANSACTIONAL)
        body = (
            wire.string(self.name) + wire.int16(-1) + wire.int32(10_000)
            + wire.array([wire.string(topic) + wire.array([wire.int32(0) + wire.byte_string(batch)])]))
        answer = self.connection.ask(wire.PRODUCE, 3, body)
        assert answer.int32() == 1 and answer.string() == topic and answer.int32() == 1 and answer.int32() == 0
        code, offset = answer.int16(), answer.int64()
        if code == NONE:
            self.sequence += len(values)
        return code, offset

    def end(self, topic, committed, epoch=None, coordinator=0, version=1, transaction_version=1):
        """Writes the marker past the coordinator, as an administrator does."""
        Marker = WriteTxnMarkersRequest.WritableTxnMarker
        fields = dict(
            producer_id=self.producer[0], producer_epoch=self.producer[1] if epoch is None else epoch,
            transaction_result=committed, coordinator_epoch=coordinator,
            topics=[Marker.WritableTxnMarkerTopic(name=topic, partition_indexes=[0])])
        if version >= 2:
            fields["transaction_version"] = transaction_version
        answer = ask(
            self.connection, WriteTxnMarkersRequest(version=version, markers=[Marker(**fields)]),
            WriteTxnMarkersResponse)
        return answer.markers[0].topics[0].partitions[0].error_code


def last_offset(connection, topic, isolation):
    Topic = ListOffsetsRequest.ListOffsetsTopic
    partition = Topic.ListOffsetsPartition(partition_index=0, timestamp=-1)
    answer = ask(
        connection,
        ListOffsetsRequest(
            version=2, replica_id=-1, isolation_level=isolation, topics=[Topic(name=topic, partitions=[partition])]),
        ListOffsetsResponse)
    return answer.topics[0].partitions[0].offset


def fetched(connection, topic, offset=0, isolation=1, wait=0):
    Topic = FetchRequest.FetchTopic
    partition = Topic.FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
    answer = ask(
        connection,
        FetchRequest(
            version=4, replica_id=-1, max_wait_ms=wait, min_bytes=1, max_bytes=1 << 20, isolation_level=isolation,
            topics=[Topic(topic=topic, partitions=[partition])]), FetchResponse)
    return answer.responses[0].partitions[0]


def described(connection, topic):
    """Producer id, coordinator epoch and start of the open transaction of each producer."""
    body = wire.compact_array([wire.compact_string(topic) + wire.compact_array([wire.int32(0)]) + b"\0"]) + b"\0"
    answer = connection.ask(DESCRIBE_PRODUCERS, 0, body, flexible=True)
    assert answer.int32() == 0 and answer.compact_count() == 1 and answer.compact_string() == topic
    assert answer.compact_count() == 1 and answer.int32() == 0 and answer.int16() == NONE
    assert answer.compact_string() is None
    producers = []
    for _ in range(answer.compact_count()):
        producer, _, _, _ = answer.int64(), answer.int32(), answer.int32(), answer.int64()
        producers.append((producer, answer.int32(), answer.int64()))
        assert answer.take(1) == b"\0"
    return producers


@pytest.fixture
def connection(node, topic):
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    admin.create_topics([NewTopic(topic, 1)])[topic].result(10)
    with wire.Connection(node.kafka_port) as opened:
        yield opened


def test_the_last_stable_offset_waits_for_the_marker_and_aborted_transactions_are_told(connection, topic):
    one = Transactions(connection, f"{topic}-one")
    assert wire.produce(connection, topic, wire.batch([wire.record(b"plain")])) == (NONE, 0)
    assert one.add(topic) == NONE
    assert one.produce(topic, [b"a", b"b"]) == (NONE, 1)
    assert wire.produce(connection, topic, wire.batch([wire.record(b"plain")])) == (NONE, 3)
    assert (last_offset(connection, topic, 0), last_offset(connection, topic, 1)) == (4, 1)
    held = fetched(connection, topic)
    assert (held.high_watermark, held.last_stable_offset, held.aborted_transactions) == (4, 1, [])
    assert described(connection, topic) == [(one.producer[0], -1, 1)]
    assert one.end(topic, committed=False, coordinator=3) == NONE
    assert last_offset(connection, topic, 1) == 5
    told = fetched(connection, topic)
    assert told.last_stable_offset == 5
    assert [(each.producer_id, each.first_offset) for each in told.aborted_transactions] == [(one.producer[0], 1)]
    assert not fetched(connection, topic, isolation=0).aborted_transactions
    assert described(connection, topic) == [(one.producer[0], 3, -1)]


def test_a_long_poll_for_committed_records_ends_with_the_marker(node, connection, topic):
    one = Transactions(connection, f"{topic}-poll")
    assert one.add(topic) == NONE
    assert one.produce(topic, [b"a"])[0] == NONE
    with wire.Connection(node.kafka_port) as waiting:
        import threading

        found = []
        poll = threading.Thread(target=lambda: found.append(fetched(waiting, topic, wait=10_000)))
        start = time.monotonic()
        poll.start()
        time.sleep(0.3)
        assert not found
        assert one.end(topic, committed=True) == NONE
        poll.join()
    assert found[0].last_stable_offset == 2 and time.monotonic() - start < 5


def test_a_batch_that_is_no_part_of_a_transaction_is_refused(connection, topic):
    one = Transactions(connection, f"{topic}-unasked")
    assert one.produce(topic, [b"a"])[0] == INVALID_TXN_STATE
    assert last_offset(connection, topic, 0) == 0


def test_markers_of_the_past_are_refused(connection, topic):
    one = Transactions(connection, f"{topic}-fenced")
    assert one.add(topic) == NONE
    assert one.produce(topic, [b"a"])[0] == NONE
    assert one.end(topic, committed=True, coordinator=5) == NONE
    assert one.end(topic, committed=True, coordinator=4) == COORDINATOR_FENCED
    raised = one.producer[1] + 1
    assert one.end(topic, committed=False, epoch=raised, coordinator=5, version=2, transaction_version=2) == NONE
    end = last_offset(connection, topic, 0)
    assert one.end(topic, committed=False, epoch=raised, coordinator=5, version=2, transaction_version=2) == NONE
    assert last_offset(connection, topic, 0) == end
    assert one.end(topic, committed=True, coordinator=6) == INVALID_PRODUCER_EPOCH


def test_transactions_that_are_open_survive_a_kill(own_node, topic):
    node = own_node()
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    admin.create_topics([NewTopic(topic, 1)])[topic].result(10)
    with wire.Connection(node.kafka_port) as connection:
        aborted, one = (Transactions(connection, f"{topic}-{name}") for name in ("aborted", "open"))
        for each in (aborted, one):
            assert each.add(topic) == NONE
            assert each.produce(topic, [b"x", b"y"])[0] == NONE
        assert aborted.end(topic, committed=False) == NONE
    node.restart(kill=True)
    with wire.Connection(node.kafka_port) as connection:
        assert last_offset(connection, topic, 1) == 2
        told = fetched(connection, topic)
        assert [each.first_offset for each in told.aborted_transactions] == [0]
        assert (one.producer[0], -1, 2) in described(connection, topic)
        one.connection = connection
        assert one.end(topic, committed=True) == NONE
        assert last_offset(connection, topic, 1) == last_offset(connection, topic, 0) == 6


def consume(node, topic, count, isolation="read_committed", seconds=15):
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": f"{topic}-{isolation}-{count}",
        "auto.offset.reset": "earliest", "isolation.level": isolation, "enable.auto.commit": False})
    consumer.subscribe([topic])
    values, deadline = [], time.monotonic() + seconds
    while len(values) < count and time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            values.append(message.value().decode())
    consumer.close()
    return values


def test_a_reader_of_committed_records_sees_whole_transactions_only(node, connection, topic):
    producer = confluent_kafka.Producer({"bootstrap.servers": node.bootstrap, "transactional.id": f"{topic}-tx"})
    producer.init_transactions(20)
    for number in range(6):
        producer.begin_transaction()
        for place in range(10):
            producer.produce(topic, f"{number}-{place}")
        producer.flush(10)
        producer.commit_transaction(20) if number % 2 == 0 else producer.abort_transaction(20)
    assert consume(node, topic, 30) == [f"{number}-{place}" for number in (0, 2, 4) for place in range(10)]
    assert len(consume(node, topic, 60, "read_uncommitted")) == 60


def test_offsets_of_a_transaction_count_with_it(node, connection, topic):
    for place in range(10):
        assert wire.produce(connection, topic, wire.batch([wire.record(b"in")]))[0] == NONE
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": f"{topic}-readers", "auto.offset.reset": "earliest",
        "enable.auto.commit": False})
    consumer.subscribe([topic])
    seen = []
    while len(seen) < 10:
        message = consumer.poll(10)
        assert message is not None and message.error() is None
        seen.append(message)
    producer = confluent_kafka.Producer({"bootstrap.servers": node.bootstrap, "transactional.id": f"{topic}-job"})
    producer.init_transactions(20)
    for offset, commits in ((4, False), (7, True)):
        producer.begin_transaction()
        position = [confluent_kafka.TopicPartition(topic, 0, offset)]
        producer.send_offsets_to_transaction(position, consumer.consumer_group_metadata(), 20)
        producer.commit_transaction(20) if commits else producer.abort_transaction(20)
        committed = consumer.committed([confluent_kafka.TopicPartition(topic, 0)], 20)[0].offset
        assert committed == (7 if commits else confluent_kafka.OFFSET_INVALID)
    consumer.close()


def test_offsets_that_no_transaction_covers_are_refused(connection, topic):
    one = Transactions(connection, f"{topic}-offsets")
    Topic = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic
    partition = Topic.TxnOffsetCommitRequestPartition(partition_index=0, committed_offset=3, committed_metadata="")
    request = TxnOffsetCommitRequest(
        version=3, transactional_id=one.name, group_id=f"{topic}-none", producer_id=one.producer[0],
        producer_epoch=one.producer[1], generation_id=-1, member_id="", group_instance_id=None,
        topics=[Topic(name=topic, partitions=[partition])])
    ask(connection, FindCoordinatorRequest(version=2, key=f"{topic}-none", key_type=0), FindCoordinatorResponse)
    for _ in range(100):
        code = ask(connection, request, TxnOffsetCommitResponse).topics[0].partitions[0].error_code
        if code not in NOT_READY:
            break
        time.sleep(0.05)
    assert code == INVALID_TXN_STATE
