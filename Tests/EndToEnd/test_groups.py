# SPDX-License-Identifier: Apache-2.0
"""Consumer groups with real members that join, leave, crash and come back."""

import time

import pytest
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
    import multiprocessing

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
