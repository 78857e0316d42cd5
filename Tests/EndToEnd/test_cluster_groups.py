# SPDX-License-Identifier: Apache-2.0
"""Consumer groups whose coordinator dies: members and committed offsets are with the next one."""

import time

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from test_cluster_clients import produce
from test_groups import consumer, poll_until


def committed(cluster, group, topic, partitions):
    """Committed offsets as the present coordinator tells them."""
    asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, partition) for partition in range(partitions)])
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    deadline = time.monotonic() + 40
    while True:
        try:
            (answer,) = [future.result(10) for future in admin.list_consumer_group_offsets([asked]).values()]
            return {place.partition: place.offset for place in answer.topic_partitions}
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def places(read):
    """A rebalance in the middle may give records twice."""
    return {(message.partition(), message.offset()) for part in read for message in part}


def commit(member):
    """Commits what was read; a coordinator on its way makes the client try again."""
    return {place.partition: place.offset for place in member.commit(asynchronous=False) if place.error is None}


# Not "pause": of a frozen coordinator, which keeps its connections open, a client hears nothing until its own clock ends
# the session, whatever the next coordinator does.
@pytest.mark.parametrize("end", ["kill", "stop"])
def test_members_and_offsets_survive_their_coordinator(cluster, topic, end):
    cluster.create(topic, 4)
    produce(cluster, topic, 400)
    revocations = []
    members = [consumer(cluster, topic, **{"session.timeout.ms": 30_000}) for _ in range(2)]
    for member in members:
        member.subscribe([topic], on_revoke=lambda _, places: revocations.append(places))
    poll_until(
        members, lambda read: len(places(read)) == 400 and all(len(one.assignment()) == 2 for one in members))
    done = {}
    for member in members:
        done |= commit(member)
    assert done == {partition: 100 for partition in range(4)}
    revocations.clear()

    old = cluster.coordinator(topic)
    getattr(cluster, end)("broker", old)
    cluster.until("another broker coordinates", lambda: cluster.coordinator(topic) != old)
    assert committed(cluster, topic, topic, 4) == done
    produce(cluster, topic, 40)
    new = {(partition, offset) for partition in range(4) for offset in range(100, 110)}
    poll_until(members, lambda more: places(more) >= new, seconds=60)
    # The next coordinator knows the members: nobody lost a partition.
    assert revocations == [] and all(len(member.assignment()) == 2 for member in members)
    done = {}
    for member in members:
        done |= commit(member)
    assert committed(cluster, topic, topic, 4) == {partition: 110 for partition in range(4)} == done
    for member in members:
        member.close()


def test_offsets_survive_all_nodes(cluster, topic):
    cluster.create(topic, 2)
    produce(cluster, topic, 100)
    member = consumer(cluster, topic)
    member.subscribe([topic])
    poll_until([member], lambda read: len(read[0]) == 100)
    assert commit(member) == {0: 50, 1: 50}
    member.close()
    cluster.tool("kill", "broker", "all")
    cluster.tool("kill", "controller", "all")
    cluster.tool("up")
    assert committed(cluster, topic, topic, 2) == {0: 50, 1: 50}
    again = consumer(cluster, topic)
    again.subscribe([topic])
    produce(cluster, topic, 10)
    (rest,) = poll_until([again], lambda rest: len(rest[0]) == 10, seconds=60)
    assert sorted(message.offset() for message in rest) == sorted([50, 51, 52, 53, 54] * 2)
    again.close()


def test_groups_are_spread_over_the_brokers(cluster):
    cluster.coordinator("group")
    cluster.myelin("partition", "elect-leader", "--all", check=False)
    assert {cluster.coordinator(f"group-{number}") for number in range(40)} == {1, 2, 3}
