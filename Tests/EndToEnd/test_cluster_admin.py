# SPDX-License-Identifier: Apache-2.0
"""An administrator's tools on three brokers: replicas, reassignments, elections, the quorum, the ops CLI."""

import json

import cluster_wire
import pytest
from confluent_kafka import ElectionType, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
from kafka import KafkaAdminClient
from kafka import TopicPartition as Place
from test_cluster_clients import produce, stored


@pytest.fixture
def admin(cluster):
    return AdminClient({"bootstrap.servers": cluster.bootstrap})


@pytest.fixture
def python_admin(cluster):
    client = KafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    yield client
    client.close()


# MARK: Topics

def test_replicas_are_on_distinct_brokers_and_racks(cluster, topic):
    cluster.create(topic, 12, replicas=2)
    replicas = [one.replicas for one in cluster.partitions(topic).values()]
    assert all(len(set(brokers)) == 2 for brokers in replicas)
    held = [broker for brokers in replicas for broker in brokers]
    assert {broker: held.count(broker) for broker in (1, 2, 3)} == {1: 8, 2: 8, 3: 8}


def test_more_replicas_than_brokers_are_refused(admin, topic):
    (future,) = admin.create_topics([NewTopic(topic, 1, 4)]).values()
    with pytest.raises(KafkaException) as raised:
        future.result(20)
    assert raised.value.args[0].code() == KafkaError.INVALID_REPLICATION_FACTOR


def test_partitions_are_added(cluster, admin, topic):
    cluster.create(topic, 2)
    for future in admin.create_partitions([NewPartitions(topic, 5)]).values():
        future.result(20)
    cluster.until("five partitions", lambda: len(cluster.partitions(topic)) == 5)
    cluster.until_in_sync(topic)
    assert len(produce(cluster, topic, 50)) == 50


def test_a_deleted_topic_is_gone_on_every_broker(cluster, admin, topic):
    cluster.create(topic, 3)
    produce(cluster, topic, 30)
    for future in admin.delete_topics([topic]).values():
        future.result(20)
    for node in cluster.nodes("broker"):
        client = AdminClient({"bootstrap.servers": node["kafka"]})
        cluster.until(f"broker {node['id']} forgets it", lambda: topic not in client.list_topics(timeout=20).topics)


# MARK: The cluster

def test_the_cluster_is_described(cluster, admin):
    described = admin.describe_cluster().result(20)
    assert described.cluster_id == cluster.metadata().cluster_id
    assert sorted((node.id, node.rack) for node in described.nodes) == [(1, "a"), (2, "b"), (3, "c")]
    addresses = {f"{node.host}:{node.port}" for node in described.nodes}
    assert addresses == set(cluster.bootstrap.split(","))


def test_the_quorum_is_described(cluster, python_admin):
    (topic,) = python_admin.describe_metadata_quorum()["topics"]
    (partition,) = topic["partitions"]
    voters = {voter["replica_id"]: voter["log_end_offset"] for voter in partition["current_voters"]}
    assert set(voters) == {1, 2, 3} and partition["leader_id"] in voters
    assert voters[partition["leader_id"]] >= partition["high_watermark"] > 0
    assert sorted(voters.values())[1] >= partition["high_watermark"], "a majority has what is committed"
    assert {observer["replica_id"] for observer in partition["observers"]} <= {1, 2, 3}


def test_another_controller_takes_over_and_clients_notice_nothing(cluster, topic):
    cluster.create(topic, 3)
    told = produce(cluster, topic, 30)
    before = cluster.partitions(topic)
    old = cluster.active_controller()
    cluster.kill("controller", old)
    new = cluster.until(
        "another controller is active", lambda: (found := cluster.active_controller()) != old and found)
    assert new != old
    assert {index: (one.leader, one.epoch) for index, one in cluster.partitions(topic).items()} == {
        index: (one.leader, one.epoch) for index, one in before.items()}
    assert stored(cluster, topic) == told
    cluster.create(f"{topic}-after", 3)


# MARK: Moving and electing

def test_replicas_move_and_records_with_them(own_cluster, topic):
    cluster = own_cluster(brokers=4)
    cluster.create(topic, 2)
    told = produce(cluster, topic, 2000)
    before = cluster.partitions(topic)
    client = KafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    wanted = {}
    for index, one in before.items():
        spare = next(broker for broker in (1, 2, 3, 4) if broker not in one.replicas)
        wanted[index] = [spare, *one.replicas[1:]]
    answers = client.alter_partition_reassignments({Place(topic, index): brokers for index, brokers in wanted.items()})
    assert set(answers.values()) == {None}
    cluster.until(
        "the replicas are there",
        lambda: {index: one.replicas for index, one in cluster.partitions(topic).items()} == wanted, 60)
    cluster.until_in_sync(topic)
    assert client.list_partition_reassignments() == {}
    assert stored(cluster, topic) == told
    client.close()


def brokers_known_by(address):
    with cluster_wire.connect(address, 3) as connection:
        return cluster_wire.metadata(connection, None).brokers


def test_a_reassignment_is_cancelled(own_cluster, topic):
    """The new replica's broker is away, so that the move cannot end by itself."""
    cluster = own_cluster(brokers=4)
    cluster.create(topic)
    produce(cluster, topic, 100)
    before = cluster.partitions(topic)[0].replicas
    spare = next(broker for broker in (1, 2, 3, 4) if broker not in before)
    cluster.kill("broker", spare)
    addresses = [cluster.address(broker) for broker in before]
    # The client asks whatever broker it is told of, and gives up when that one does not answer.
    cluster.until("nobody names it", lambda: all(spare not in brokers_known_by(address) for address in addresses))
    running = ",".join(addresses)
    client = KafkaAdminClient(bootstrap_servers=running)
    client.alter_partition_reassignments({Place(topic, 0): [*before[:2], spare]})
    moves = cluster.until("it is under way", client.list_partition_reassignments)
    (move,) = moves.values()
    assert (move["adding_replicas"], move["removing_replicas"]) == ([spare], [before[2]])
    assert client.alter_partition_reassignments({Place(topic, 0): None}) == {Place(topic, 0): None}
    cluster.until("it is over", lambda: client.list_partition_reassignments() == {})
    assert cluster.partitions(topic)[0].replicas == before
    client.close()


def test_a_reassignment_to_a_broker_that_is_not_there_is_refused(cluster, python_admin, topic):
    cluster.create(topic)
    before = cluster.partitions(topic)[0].replicas
    answers = python_admin.alter_partition_reassignments({Place(topic, 0): [1, 2, 9]})
    assert answers[Place(topic, 0)].errno == KafkaError.INVALID_REPLICA_ASSIGNMENT
    assert cluster.partitions(topic)[0].replicas == before


def test_the_preferred_leader_is_elected(cluster, admin, topic):
    cluster.create(topic)
    preferred = cluster.partitions(topic)[0].replicas[0]
    cluster.kill("broker", preferred)
    cluster.until("another leads", lambda: cluster.leader(topic) != preferred)
    cluster.begin("broker", preferred)
    cluster.until_in_sync(topic)
    answer = admin.elect_leaders(ElectionType.PREFERRED, [TopicPartition(topic, 0)]).result(20)
    assert list(answer.values()) in ([None], [KafkaError.ELECTION_NOT_NEEDED]) or cluster.leader(topic) == preferred
    cluster.until("the preferred replica leads", lambda: cluster.leader(topic) == preferred)


# MARK: The ops CLI

def told(cluster, *arguments, broker=None):
    """A verdict of ill health is an exit status as well."""
    return json.loads(cluster.myelin(*arguments, "--output", "json", broker=broker, check=False).stdout)


def test_the_tool_tells_the_same_of_the_cluster_through_every_broker(cluster, topic):
    cluster.create(topic, 3)
    facts = {
        index: (one.leader, one.epoch, one.replicas, sorted(one.isr))
        for index, one in cluster.partitions(topic).items()}
    active = cluster.active_controller()
    for node in cluster.nodes("broker"):
        brokers = told(cluster, "cluster", "brokers", broker=node["id"])["brokers"]
        assert sorted(broker["nodeId"] for broker in brokers) == [1, 2, 3]
        quorum = told(cluster, "cluster", "controllers", broker=node["id"])
        assert quorum["controllerId"] == active
        assert sorted(one["nodeId"] for one in quorum["controllers"] if one["isVoter"]) == [1, 2, 3]
        assert [one["nodeId"] for one in quorum["controllers"] if one["isActive"]] == [active]
        partitions = told(cluster, "partition", "list", topic, broker=node["id"])["partitions"]
        assert {
            one["partition"]: (one["leaderId"], one["leaderEpoch"], one["replicas"], sorted(one["inSyncReplicas"]))
            for one in partitions} == facts


def test_the_tool_produces_and_consumes_through_every_broker(cluster, topic):
    """Whichever is named, the tool finds the leaders."""
    cluster.create(topic, 3)
    for node in cluster.nodes("broker"):
        for partition in range(3):
            cluster.myelin("topic", "produce", topic, "--partition", str(partition), broker=node["id"],
                           input=f"{node['id']}/{partition}\n")
    written = sorted(f"{broker}/{partition}" for broker in (1, 2, 3) for partition in range(3))
    for node in cluster.nodes("broker"):
        read = cluster.myelin("topic", "consume", topic, "--format", "%v\\n", broker=node["id"]).stdout
        assert sorted(read.split()) == written


def test_health_tells_of_a_broker_that_is_away(cluster, topic):
    cluster.create(topic, 3)
    cluster.until("all is well", lambda: told(cluster, "cluster", "health")["status"] == "healthy")
    cluster.kill("broker", 3)
    cluster.until("it is out of sync", lambda: all(3 not in one.isr for one in cluster.partitions(topic).values()))
    assert told(cluster, "cluster", "health")["status"] in ("degraded", "unhealthy")
    short = told(cluster, "partition", "list", topic, "--under-replicated")["partitions"]
    assert [one["partition"] for one in short] == [0, 1, 2]


def test_the_tool_moves_replicas_and_elects_the_preferred_leader(cluster, topic):
    cluster.create(topic)
    first, second, third = cluster.partitions(topic)[0].replicas
    cluster.myelin("partition", "move", f"{topic}:0", "--replicas", f"{third},{first},{second}", "--yes")
    assert cluster.partitions(topic)[0].replicas == [third, first, second]
    cluster.myelin("partition", "elect-leader", f"{topic}:0")
    cluster.until("the first replica leads", lambda: cluster.leader(topic) == third)


def test_a_broker_is_drained_and_forgotten(own_cluster, topic):
    cluster = own_cluster(brokers=4)
    cluster.create(topic, 8)
    records = produce(cluster, topic, 800)
    cluster.myelin("cluster", "drain", "4", "--yes")
    assert all(4 not in one.replicas for one in cluster.partitions(topic).values())
    cluster.stop("broker", 4)
    cluster.until("it is fenced", lambda: 4 not in cluster.metadata().brokers)
    cluster.myelin("cluster", "brokers", "unregister", "4", "--yes")
    assert sorted(one["nodeId"] for one in told(cluster, "cluster", "brokers")["brokers"]) == [1, 2, 3]
    assert stored(cluster, topic) == records
