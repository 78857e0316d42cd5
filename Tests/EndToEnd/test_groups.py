# SPDX-License-Identifier: Apache-2.0
"""Consumer groups with real members that join, leave, crash and come back."""

import multiprocessing
import time

import pytest
import wire
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from test_clients import create


def fill(node, topic, count, partitions):
    producer = Producer({"bootstrap.servers": node.bootstrap})
    for index in range(count):
        producer.produce(topic, f"{index}", partition=index % partitions)
    assert producer.flush(30) == 0


def consumer(node, group, **settings):
    return Consumer({
        "bootstrap.servers": node.bootstrap, "group.id": group, "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "session.timeout.ms": 6000, "heartbeat.interval.ms": 500, **settings})


LOADING, NOT_AVAILABLE, NOT_COORDINATOR = 14, 15, 16


def until_coordinated(attempt, seconds=30):
    """Repeats `attempt` while its code says that the coordinator is on its way."""
    deadline = time.monotonic() + seconds
    while (code := attempt()) in (LOADING, NOT_AVAILABLE, NOT_COORDINATOR):
        assert time.monotonic() < deadline, f"code {code} for {seconds} s"
        time.sleep(0.02)
    assert code == 0


def find_coordinator(connection, group):
    until_coordinated(lambda: connection.ask(10, 0, wire.string(group)).int16())


def commit(connection, group, topic, partition, offset, retention=-1):
    """OffsetCommit version 2, by a client that is no member."""
    place = wire.int32(partition) + wire.int64(offset) + wire.string("note")
    body = wire.string(group) + wire.int32(-1) + wire.string("") + wire.int64(retention)
    body += wire.array([wire.string(topic) + wire.array([place])])
    until_coordinated(lambda: int.from_bytes(connection.ask(8, 2, body).rest[-2:], "big"))


def committed(node, group, topic, partitions):
    """Committed offsets of a group, -1 where there is none."""
    body = wire.string(group) + wire.array([wire.string(topic) + wire.array([wire.int32(p) for p in range(partitions)])])
    offsets = []

    def ask():
        answer = connection.ask(9, 1, body)
        assert (answer.int32(), answer.string(), answer.int32()) == (1, topic, partitions)
        offsets.clear()
        for partition in range(partitions):
            assert answer.int32() == partition
            offsets.append(answer.int64())
            answer.string()
            if (code := answer.int16()) != 0:
                return code
        return 0

    with wire.Connection(node.kafka_port) as connection:
        until_coordinated(ask)
    return offsets


def poll_until(members, condition, seconds=40):
    deadline = time.monotonic() + seconds
    read = [[] for _ in members]
    while not condition(read):
        assert time.monotonic() < deadline, f"timed out with {[len(part) for part in read]} records"
        for place, member in enumerate(members):
            message = member.poll(0.05)
            if message is not None and message.error() is None:
                read[place].append(message)
    return read


@pytest.mark.parametrize("strategy", ["range", "roundrobin", "cooperative-sticky"])
def test_two_members_share_the_partitions_and_one_takes_over_when_the_other_leaves(node, topic, strategy):
    create(node, topic, partitions=4)
    fill(node, topic, 400, 4)
    first = consumer(node, topic, **{"partition.assignment.strategy": strategy})
    second = consumer(node, topic, **{"partition.assignment.strategy": strategy})
    for member in (first, second):
        member.subscribe([topic])
    poll_until([first, second], lambda _: len(first.assignment()) == 2 and len(second.assignment()) == 2)
    owned = {(p.topic, p.partition) for member in (first, second) for p in member.assignment()}
    assert len(owned) == 4
    second.close()
    poll_until([first], lambda _: len(first.assignment()) == 4)
    first.close()


def test_every_record_reaches_one_member_and_committed_offsets_survive_a_restart(own_node, topic):
    node = own_node(settings={"group.initial.rebalance.delay.ms": 100})
    create(node, topic, partitions=3)
    fill(node, topic, 300, 3)
    first = consumer(node, topic)
    first.subscribe([topic])
    (read,) = poll_until([first], lambda read: len(read[0]) == 150)
    first.commit(asynchronous=False)
    first.close()

    node.restart(kill=True)
    fill(node, topic, 30, 3)
    second = consumer(node, topic)
    second.subscribe([topic])
    (rest,) = poll_until([second], lambda rest: len(rest[0]) == 180)
    second.close()
    seen = [(m.partition(), m.offset()) for m in read + rest]
    assert len(seen) == len(set(seen)) == 330


def test_a_member_keeps_its_group_over_a_restart_of_the_node(own_node, topic):
    node = own_node(settings={"group.initial.rebalance.delay.ms": 100})
    create(node, topic)
    fill(node, topic, 50, 1)
    member = consumer(node, topic)
    member.subscribe([topic])
    poll_until([member], lambda read: len(read[0]) == 50)
    member.commit(asynchronous=False)
    node.restart()
    fill(node, topic, 50, 1)
    (after,) = poll_until([member], lambda read: len(read[0]) == 50)
    assert [message.offset() for message in after] == list(range(50, 100))
    member.close()


def test_a_static_member_comes_back_without_a_rebalance(node, topic):
    create(node, topic, partitions=2)
    steady = consumer(node, topic, **{"group.instance.id": "steady"})
    flapping = consumer(node, topic, **{"group.instance.id": "flapping"})
    revoked = []
    steady.subscribe([topic], on_revoke=lambda _, partitions: revoked.append(partitions))
    flapping.subscribe([topic])
    poll_until([steady, flapping], lambda _: len(steady.assignment()) == 1 and len(flapping.assignment()) == 1)
    revoked.clear()
    kept = flapping.assignment()
    flapping.close()
    back = consumer(node, topic, **{"group.instance.id": "flapping"})
    back.subscribe([topic])
    poll_until([steady, back], lambda _: back.assignment() == kept)
    assert revoked == []
    steady.close()
    back.close()


def test_a_crashed_member_is_replaced_after_its_session(node, topic):
    create(node, topic, partitions=2)

    def crash(bootstrap, group, joined):
        member = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "session.timeout.ms": 6000})
        member.subscribe([group], on_assign=lambda *_: joined.set())
        while True:
            member.poll(0.1)

    joined = multiprocessing.get_context("fork").Event()
    process = multiprocessing.get_context("fork").Process(target=crash, args=(node.bootstrap, topic, joined))
    process.start()
    assert joined.wait(30)
    process.kill()
    process.join()
    survivor = consumer(node, topic)
    survivor.subscribe([topic])
    poll_until([survivor], lambda _: len(survivor.assignment()) == 2, seconds=30)
    survivor.close()


def test_group_administration(node, topic):
    create(node, topic, partitions=2)
    fill(node, topic, 20, 2)
    member = consumer(node, topic, **{"client.id": "reader"})
    member.subscribe([topic])
    poll_until([member], lambda read: len(read[0]) == 20)
    member.commit(asynchronous=False)

    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    listed = {group.group_id: group for group in admin.list_consumer_groups().result(20).valid}
    assert listed[topic].state.name == "STABLE"
    (described,) = [future.result(20) for future in admin.describe_consumer_groups([topic]).values()]
    assert [m.client_id for m in described.members] == ["reader"]
    assert len(described.members[0].assignment.topic_partitions) == 2

    (offsets,) = [f.result(20) for f in admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(topic)]).values()]
    assert sum(p.offset for p in offsets.topic_partitions) == 20
    member.close()

    change = ConsumerGroupTopicPartitions(topic, [TopicPartition(topic, 0, 3)])
    for future in admin.alter_consumer_group_offsets([change]).values():
        future.result(20)
    (offsets,) = [f.result(20) for f in admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(topic)]).values()]
    assert {p.partition: p.offset for p in offsets.topic_partitions} == {0: 3, 1: 10}
    for future in admin.delete_consumer_groups([topic]).values():
        future.result(20)
    assert topic not in {group.group_id for group in admin.list_consumer_groups().result(20).valid}


def test_offsets_of_single_partitions_are_deleted(node, topic):
    create(node, topic, partitions=3)
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    places = [TopicPartition(topic, partition, 5) for partition in range(3)]
    for future in admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(topic, places)]).values():
        future.result(20)
    assert committed(node, topic, topic, 3) == [5, 5, 5]

    def delete(group, partitions):
        body = wire.string(group) + wire.array([wire.string(topic) + wire.array([wire.int32(p) for p in partitions])])
        with wire.Connection(node.kafka_port) as connection:
            answer = connection.ask(47, 0, body)
        code, _ = answer.int16(), answer.int32()
        if code != 0:
            return code
        assert (answer.int32(), answer.string()) == (1, topic)
        return [(answer.int32(), answer.int16()) for _ in range(answer.int32())]

    assert delete(topic, [1]) == [(1, 0)]
    assert committed(node, topic, topic, 3) == [5, -1, 5]
    assert delete("no-such-group", [0]) == 69
    # A live subscription protects its offsets.
    member = consumer(node, topic)
    member.subscribe([topic])
    poll_until([member], lambda _: len(member.assignment()) == 3)
    assert delete(topic, [0]) == [(0, 86)]
    assert committed(node, topic, topic, 3) == [5, -1, 5]
    member.close()


def test_offsets_expire(own_node, topic):
    """With the retention that OffsetCommit carried until version 4; a restart does not bring them back."""
    node = own_node(settings={"offsets.retention.check.interval.ms": 200})
    create(node, topic, partitions=2)

    with wire.Connection(node.kafka_port) as connection:
        find_coordinator(connection, "idle")
        commit(connection, "idle", topic, 0, 7, retention=3_600_000)
        commit(connection, "idle", topic, 1, 7, retention=500)
    deadline = time.monotonic() + 30
    while committed(node, "idle", topic, 2) != [7, -1]:
        assert time.monotonic() < deadline, committed(node, "idle", topic, 2)
        time.sleep(0.05)
    node.restart(kill=True)
    assert committed(node, "idle", topic, 2) == [7, -1]


def test_a_thousand_groups(own_node, topic):
    node = own_node()
    create(node, topic)
    names = [f"group-{number}" for number in range(1000)]
    with wire.Connection(node.kafka_port) as connection:
        find_coordinator(connection, names[0])
        commit(connection, names[0], topic, 0, 0)
        before = node.resident_kibibytes()
        for number, name in enumerate(names):
            commit(connection, name, topic, 0, number)
    # Measured at some 2 KiB a group.
    assert node.resident_kibibytes() - before < 20 << 10
    node.restart(kill=True)
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    assert {group.group_id for group in admin.list_consumer_groups().result(20).valid} == set(names)
    for number in (0, 1, 500, 999):
        assert committed(node, names[number], topic, 1) == [number]
