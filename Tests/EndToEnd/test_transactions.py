# SPDX-License-Identifier: Apache-2.0
"""Transactions: all or nothing for those who read committed, whatever happens to producers and brokers."""

import json
import threading
import time
import uuid

import cluster_wire
import pytest
import wire
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaProducer
from kafka.protocol.producer import ProduceRequest, ProduceResponse
from kafka.protocol.producer.transaction import (
    EndTxnRequest, EndTxnResponse, InitProducerIdRequest, InitProducerIdResponse)
from kafka.record.default_records import DefaultRecordBatchBuilder

PARTITIONS = 3


@pytest.fixture(params=["node", "cluster"])
def broker(request):
    """One node, and three together."""
    return request.getfixturevalue(request.param)


def new_topic(broker, partitions=PARTITIONS):
    name = f"txn-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    replicas = len(broker.bootstrap.split(","))
    for future in admin.create_topics([NewTopic(name, partitions, replicas)]).values():
        future.result(30)
    return name


def transactional(broker, name, **settings):
    producer = Producer({
        "bootstrap.servers": broker.bootstrap, "transactional.id": name, "retry.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500, **settings})
    producer.init_transactions(60)
    return producer


def send(producer, topic, values):
    for number, value in enumerate(values):
        producer.produce(topic, value, partition=number % PARTITIONS)


def reader(broker, group="reader", isolation="read_committed"):
    return Consumer({
        "bootstrap.servers": broker.bootstrap, "group.id": group, "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "isolation.level": isolation, "enable.partition.eof": True})


def read(broker, topic, isolation="read_committed", partitions=PARTITIONS):
    """Everything up to the end that a reader of this isolation level is shown."""
    consumer = reader(broker, isolation=isolation)
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    found, ended, deadline = [], set(), time.monotonic() + 60
    while len(ended) < partitions:
        assert time.monotonic() < deadline, f"{found} after 60 s"
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error() is None:
            found.append(message.value().decode())
        elif message.error().code() == KafkaError._PARTITION_EOF:
            ended.add(message.partition())
    consumer.close()
    return sorted(found)


def until(text, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not {text} after {seconds} s"
        time.sleep(0.1)
    return found


# MARK: Commit, abort, isolation

def test_commits_are_read_and_aborts_are_not(broker):
    topic = new_topic(broker)
    producer = transactional(broker, topic)
    expected = []
    for number in range(6):
        values = [f"{number}-{index}" for index in range(9)]
        producer.begin_transaction()
        send(producer, topic, values)
        if number % 2:
            producer.abort_transaction(60)
        else:
            producer.commit_transaction(60)
            expected += values
    assert read(broker, topic) == sorted(expected)


def test_what_is_aborted_after_it_was_written_is_there_for_those_who_read_uncommitted(broker):
    topic = new_topic(broker)
    producer = transactional(broker, topic)
    producer.begin_transaction()
    send(producer, topic, ["one", "two"])
    assert producer.flush(60) == 0
    assert read(broker, topic, "read_uncommitted") == ["one", "two"]
    assert read(broker, topic) == []
    producer.abort_transaction(60)
    assert read(broker, topic, "read_uncommitted") == ["one", "two"]
    assert read(broker, topic) == []


def test_an_open_transaction_holds_back_what_came_after_it(broker):
    topic = new_topic(broker)
    producer, other = transactional(broker, topic), Producer({"bootstrap.servers": broker.bootstrap})
    producer.begin_transaction()
    send(producer, topic, ["first"])
    assert producer.flush(60) == 0
    other.produce(topic, "second", partition=0)
    assert other.flush(60) == 0
    assert read(broker, topic) == []
    producer.commit_transaction(60)
    assert read(broker, topic) == ["first", "second"]


# MARK: Fencing and time-outs

def test_a_zombie_is_fenced_and_its_transaction_aborted(broker):
    topic = new_topic(broker)
    zombie = transactional(broker, topic)
    zombie.begin_transaction()
    send(zombie, topic, ["zombie"])
    assert zombie.flush(60) == 0
    current = transactional(broker, topic)
    with pytest.raises(KafkaException) as refusal:
        zombie.commit_transaction(60)
    assert refusal.value.args[0].fatal()
    current.begin_transaction()
    send(current, topic, ["current"])
    current.commit_transaction(60)
    assert read(broker, topic) == ["current"]


def test_a_transaction_that_takes_too_long_is_aborted(broker):
    topic = new_topic(broker)
    slow = transactional(broker, topic, **{"transaction.timeout.ms": 2000, "message.timeout.ms": 2000})
    slow.begin_transaction()
    send(slow, topic, ["slow"])
    assert slow.flush(60) == 0
    other = Producer({"bootstrap.servers": broker.bootstrap})
    other.produce(topic, "after", partition=0)
    assert other.flush(60) == 0
    until("readable", lambda: read(broker, topic) == ["after"], 30)
    with pytest.raises(KafkaException):
        slow.commit_transaction(60)
    assert read(broker, topic) == ["after"]


def test_operators_see_an_open_transaction_and_abort_it(broker):
    topic = new_topic(broker)
    producer = transactional(broker, topic)
    producer.begin_transaction()
    send(producer, topic, ["never"])
    assert producer.flush(60) == 0
    listed = json.loads(broker.myelin("txn", "list", topic, "--state", "Ongoing", "--output", "json").stdout)
    (found,) = listed["transactions"]
    assert found["transactionalId"] == topic and found["startedAt"]
    (described,) = json.loads(broker.myelin("txn", "describe", topic, "--output", "json").stdout)["transactions"]
    assert described["partitions"] == [{"topic": topic, "partitions": [0]}]
    assert described["state"] == "Ongoing" and described["producerId"] == found["producerId"]
    broker.myelin("txn", "abort", topic, "--dry-run")
    assert read(broker, topic) == []
    broker.myelin("txn", "abort", topic, "--yes")
    with pytest.raises(KafkaException):
        producer.commit_transaction(60)
    until("aborted", lambda: "CompleteAbort" in broker.myelin("txn", "describe", topic).stdout, 10)
    again = broker.myelin("txn", "abort", topic, "--yes", check=False)
    assert again.returncode == 1 and "no ongoing transaction" in again.stderr
    assert broker.myelin("txn", "describe", topic + "x", check=False).returncode == 1
    assert read(broker, topic) == []


def test_kafka_python(broker):
    topic = new_topic(broker)
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap.split(","), transactional_id=topic)
    producer.init_transactions()
    for number, ends in enumerate([producer.commit_transaction, producer.abort_transaction] * 2):
        producer.begin_transaction()
        for partition in range(PARTITIONS):
            producer.send(topic, f"{number}-{partition}".encode(), partition=partition)
        ends()
    producer.close()
    assert read(broker, topic) == [f"{number}-{partition}" for number in (0, 2) for partition in range(PARTITIONS)]


# MARK: transaction.version 2 (KIP-890), which no client from PyPI speaks yet

class Bumping:
    """A producer that never adds partitions, and whose epoch rises with every end."""

    def __init__(self, node, name, topic):
        self.node, self.name, self.topic = node, name, topic
        self.connection, self.sequence = wire.Connection(node.kafka_port), 0
        answer = self.until_settled(lambda: self.call(
            InitProducerIdRequest(
                transactional_id=name, transaction_timeout_ms=60_000, producer_id=-1, producer_epoch=-1),
            InitProducerIdResponse, 5))
        self.producer, self.epoch = answer.producer_id, answer.producer_epoch

    def call(self, request, response, version):
        answer = self.connection.ask(request.API_KEY, version, request.encode(version=version), flexible=True)
        return response.decode(answer.rest, version=version)

    @staticmethod
    def until_settled(attempt, code=lambda answer: answer.error_code):
        """Repeats while the coordinator is on its way, or ends the transaction before."""
        return until("settled", lambda: None if code(answer := attempt()) in (14, 15, 16, 19, 51) else answer)

    def write(self, value, epoch=None, sequence=None):
        """The code for one record, with no word to the coordinator before."""
        builder = DefaultRecordBatchBuilder(
            magic=2, compression_type=0, is_transactional=True, producer_id=self.producer,
            producer_epoch=self.epoch if epoch is None else epoch,
            base_sequence=self.sequence if sequence is None else sequence, batch_size=1 << 16)
        builder.append(0, timestamp=int(time.time() * 1000), key=None, value=value.encode(), headers=[])
        partition = ProduceRequest.TopicProduceData.PartitionProduceData(index=0, records=bytes(builder.build()))
        topic = ProduceRequest.TopicProduceData(name=self.topic, partition_data=[partition])
        request = ProduceRequest(transactional_id=self.name, acks=-1, timeout_ms=30_000, topic_data=[topic])
        answer = self.until_settled(
            lambda: self.call(request, ProduceResponse, 12),
            lambda answer: answer.responses[0].partition_responses[0].error_code)
        code = answer.responses[0].partition_responses[0].error_code
        if code == 0 and epoch is None:
            self.sequence += 1
        return code

    def end(self, committed, epoch=None):
        return self.until_settled(lambda: self.call(
            EndTxnRequest(
                transactional_id=self.name, producer_id=self.producer,
                producer_epoch=self.epoch if epoch is None else epoch, committed=committed), EndTxnResponse, 5))


def test_produce_adds_partitions_and_every_end_raises_the_epoch(node):
    find_transaction_coordinator(node)
    topic = new_topic(node)
    producer = Bumping(node, topic, topic)
    expected = []
    for number in range(4):
        assert producer.write(f"{number}") == 0
        first = producer.end(number % 2 == 0)
        again = producer.end(number % 2 == 0)
        assert (first.error_code, first.producer_epoch) == (0, producer.epoch + 1)
        assert (again.error_code, again.producer_epoch) == (0, producer.epoch + 1)
        assert producer.end(number % 2 == 1).error_code == INVALID_TXN_STATE
        # A late batch of the transaction before: not in the next one, not anywhere.
        assert producer.write("late", sequence=producer.sequence) in (INVALID_PRODUCER_EPOCH, PRODUCER_FENCED)
        producer.epoch, producer.sequence = first.producer_epoch, 0
        expected += [f"{number}"] if number % 2 == 0 else []
    assert read(node, topic) == expected


INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, PRODUCER_FENCED = 47, 48, 90


def find_transaction_coordinator(node):
    """Makes the topic of transactions, if nobody has."""
    with wire.Connection(node.kafka_port) as connection:
        def ask():
            answer = connection.ask(cluster_wire.FIND_COORDINATOR, 1, wire.string("any") + wire.int8(1))
            answer.int32()
            return answer.int16() == 0
        until("coordinated", ask)


# MARK: Read, process, write

def copy(broker, source, target, group, abort_every=None):
    """Copies until the source is at its end, offsets and records in one transaction; some batches are aborted first."""
    producer, consumer = transactional(broker, f"copy-{group}"), reader(broker, group)
    consumer.subscribe([source])
    ended, round_number, deadline = set(), 0, time.monotonic() + 120
    while len(ended) < PARTITIONS:
        assert time.monotonic() < deadline, "the copy takes too long"
        messages = consumer.consume(20, 0.5)
        ended |= {m.partition() for m in messages if m.error() and m.error().code() == KafkaError._PARTITION_EOF}
        messages = [message for message in messages if message.error() is None]
        if not messages:
            continue
        round_number += 1
        producer.begin_transaction()
        for message in messages:
            producer.produce(target, message.value(), partition=message.partition())
        places = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(places, consumer.consumer_group_metadata(), 60)
        if abort_every and round_number % abort_every == 0:
            producer.abort_transaction(60)
            for place in consumer.committed(consumer.assignment(), 60):
                place.offset = max(place.offset, 0)
                consumer.seek(place)
            ended.clear()
        else:
            producer.commit_transaction(60)
    positions = {place.partition: place.offset for place in consumer.committed(consumer.assignment(), 60)}
    consumer.close()
    return positions


def test_a_copy_with_offsets_in_its_transactions_is_exact(broker):
    source, target = new_topic(broker), new_topic(broker)
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    values = [f"{number:04}" for number in range(300)]
    send(producer, source, values)
    assert producer.flush(60) == 0
    assert copy(broker, source, target, source, abort_every=3) == {0: 100, 1: 100, 2: 100}
    assert read(broker, target) == values


# MARK: Brokers that die

def test_a_node_killed_in_the_middle_ends_what_it_began(own_node):
    node = own_node()
    topic = new_topic(node)
    producer = transactional(node, topic)
    producer.begin_transaction()
    send(producer, topic, [f"kept {number}" for number in range(9)])
    producer.commit_transaction(60)
    producer.begin_transaction()
    send(producer, topic, ["open"])
    assert producer.flush(60) == 0
    node.restart(kill=True)
    send(producer, topic, [f"later {number}" for number in range(9)])
    producer.commit_transaction(60)
    found = read(node, topic)
    assert found == sorted(
        ["open"] + [f"kept {number}" for number in range(9)] + [f"later {number}" for number in range(9)])


def transaction_coordinator(cluster, name):
    """The broker that coordinates a transactional id."""
    def find():
        answer = cluster.ask(lambda connection: connection.ask(
            cluster_wire.FIND_COORDINATOR, 2, wire.string(name) + wire.int8(1)))
        answer.int32()
        code, _ = answer.int16(), answer.string()
        return 0 if code else answer.int32()
    return cluster.until(f"{name} has a coordinator", find)


def test_a_coordinator_killed_before_the_commit_leaves_it_to_the_next(cluster):
    topic = new_topic(cluster)
    producer = transactional(cluster, topic)
    expected = []
    for number in range(4):
        values = [f"{number}-{index}" for index in range(9)]
        producer.begin_transaction()
        send(producer, topic, values)
        assert producer.flush(60) == 0
        old = transaction_coordinator(cluster, topic)
        cluster.kill("broker", old)
        producer.commit_transaction(90)
        expected += values
        cluster.begin("broker", old)
    assert read(cluster, topic) == sorted(expected)


def test_a_decision_outlives_its_coordinator(cluster):
    """Kills the coordinator at moments around the end of a commit that runs meanwhile."""
    topic = new_topic(cluster)
    producer = transactional(cluster, topic)
    expected = []
    for number, delay in enumerate([0.0, 0.005, 0.02, 0.05]):
        values = [f"{number}-{index}" for index in range(9)]
        producer.begin_transaction()
        send(producer, topic, values)
        assert producer.flush(60) == 0
        old = transaction_coordinator(cluster, topic)
        killer = threading.Timer(delay, lambda: cluster.kill("broker", old))
        killer.start()
        producer.commit_transaction(90)
        killer.join()
        expected += values
        assert read(cluster, topic) == sorted(expected)
        cluster.begin("broker", old)
