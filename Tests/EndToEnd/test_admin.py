# SPDX-License-Identifier: Apache-2.0
"""Topics, configs and the cluster, as an administrator's tools see them."""

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)
from test_clients import create
from test_records import consume, produce


@pytest.fixture
def admin(node):
    return AdminClient({"bootstrap.servers": node.bootstrap})


def refusal(futures):
    """The Kafka error code that the only future of a call ends with."""
    (future,) = futures.values()
    with pytest.raises(KafkaException) as raised:
        future.result(20)
    return raised.value.args[0].code()


def configs(admin, topic):
    ((_, future),) = admin.describe_configs([ConfigResource("topic", topic)]).items()
    return future.result(20)


def topic_names(admin):
    return set(admin.list_topics(timeout=20).topics)


# MARK: Topics

def test_a_topic_is_created_described_and_deleted(admin, topic):
    for future in admin.create_topics([NewTopic(topic, 3, 1)]).values():
        future.result(20)
    (described,) = [f.result(20) for f in admin.describe_topics(TopicCollection([topic])).values()]
    assert described.name == topic and not described.is_internal
    assert [partition.id for partition in described.partitions] == [0, 1, 2]
    assert {partition.leader.id for partition in described.partitions} == {1}
    assert {node.id for partition in described.partitions for node in partition.isr} == {1}
    first = str(described.topic_id)

    for future in admin.delete_topics([topic]).values():
        future.result(20)
    assert topic not in topic_names(admin)
    assert refusal(admin.describe_topics(TopicCollection([topic]))) == KafkaError.UNKNOWN_TOPIC_OR_PART
    assert refusal(admin.delete_topics([topic])) == KafkaError.UNKNOWN_TOPIC_OR_PART

    for future in admin.create_topics([NewTopic(topic, 1, 1)]).values():
        future.result(20)
    (again,) = [f.result(20) for f in admin.describe_topics(TopicCollection([topic])).values()]
    assert str(again.topic_id) != first and len(again.partitions) == 1


def test_records_of_a_deleted_topic_do_not_come_back_with_its_name(node, admin, topic):
    create(node, topic)
    produce(node, topic, ["old"] * 10)
    for future in admin.delete_topics([topic]).values():
        future.result(20)
    create(node, topic)
    assert produce(node, topic, ["new"]) == [0]
    assert [message.value() for message in consume(node, topic, 1)] == [b"new"]


def test_validation_alone_creates_nothing(admin, topic):
    for future in admin.create_topics([NewTopic(topic, 3, 1)], validate_only=True).values():
        future.result(20)
    assert topic not in topic_names(admin)
    bad = NewTopic(topic, 1, 1, config={"retention.ms": "soon"})
    assert refusal(admin.create_topics([bad], validate_only=True)) == KafkaError.INVALID_CONFIG


@pytest.mark.parametrize("name", [
    ".", "..", "a" * 250, "a/b", "../escape", "/etc/passwd", "a b", "a\\b", "caf\u00e9", "a\nb", "a:b", "a%2fb", "*",
    "\u0001", "a\u202eb",
])
def test_an_illegal_name_is_refused_and_leaves_nothing_on_the_disk(node, admin, name):
    before = sorted(str(path) for path in node.data.rglob("*"))
    assert refusal(admin.create_topics([NewTopic(name, 1, 1)])) == KafkaError.TOPIC_EXCEPTION
    assert sorted(str(path) for path in node.data.rglob("*")) == before


def test_the_longest_legal_name(node, admin):
    name = "a" * 249
    create(node, name)
    assert produce(node, name, ["x"]) == [0]
    assert consume(node, name, 1)[0].value() == b"x"
    for future in admin.delete_topics([name]).values():
        future.result(20)


def test_names_that_differ_in_dot_and_underscore_collide(node, admin):
    """Metric names of the two would be the same, so Kafka refuses the second."""
    create(node, "colliding.name")
    assert refusal(admin.create_topics([NewTopic("colliding_name", 1, 1)])) == KafkaError.TOPIC_EXCEPTION


@pytest.mark.parametrize("partitions, replicas, code", [
    (0, 1, KafkaError.INVALID_PARTITIONS),
    (1, 2, KafkaError.INVALID_REPLICATION_FACTOR),
    (1, 0, KafkaError.INVALID_REPLICATION_FACTOR),
])
def test_impossible_counts_are_refused(admin, topic, partitions, replicas, code):
    wanted = NewTopic(topic, num_partitions=partitions, replication_factor=replicas)
    assert refusal(admin.create_topics([wanted])) == code
    assert topic not in topic_names(admin)


def test_a_topic_exists_only_once(node, admin, topic):
    create(node, topic)
    assert refusal(admin.create_topics([NewTopic(topic, 1, 1)])) == KafkaError.TOPIC_ALREADY_EXISTS


def test_the_number_of_partitions_defaults_to_the_setting_of_the_node(admin, topic):
    for future in admin.create_topics([NewTopic(topic, -1, -1)]).values():
        future.result(20)
    assert len(admin.list_topics(topic, timeout=20).topics[topic].partitions) >= 1


def test_partitions_are_added_and_never_taken_away(node, admin, topic):
    create(node, topic, partitions=2)
    assert produce(node, topic, ["before"], partition=1) == [0]
    for future in admin.create_partitions([NewPartitions(topic, 5)]).values():
        future.result(20)
    assert len(admin.list_topics(topic, timeout=20).topics[topic].partitions) == 5
    assert produce(node, topic, ["after"], partition=4) == [0]
    assert consume(node, topic, 1, partition=1)[0].value() == b"before"
    assert refusal(admin.create_partitions([NewPartitions(topic, 3)])) == KafkaError.INVALID_PARTITIONS
    assert refusal(admin.create_partitions([NewPartitions(topic, 5)])) == KafkaError.INVALID_PARTITIONS
    missing = admin.create_partitions([NewPartitions(topic + "-missing", 3)])
    assert refusal(missing) == KafkaError.UNKNOWN_TOPIC_OR_PART


def test_records_are_deleted_up_to_an_offset(node, admin, topic):
    create(node, topic)
    produce(node, topic, [f"{index}" for index in range(20)])

    def delete_before(offset):
        return admin.delete_records([TopicPartition(topic, 0, offset)])

    (deleted,) = [future.result(20) for future in delete_before(7).values()]
    assert deleted.low_watermark == 7
    place = TopicPartition(topic, 0)
    assert admin.list_offsets({place: OffsetSpec.earliest()})[place].result(20).offset == 7
    assert [m.value() for m in consume(node, topic, 13, offset=7)] == [b"%d" % index for index in range(7, 20)]
    assert refusal(delete_before(21)) == KafkaError.OFFSET_OUT_OF_RANGE
    (deleted,) = [future.result(20) for future in delete_before(-1).values()]
    assert deleted.low_watermark == 20


def test_deleted_records_stay_deleted_after_a_crash(own_node, topic):
    node = own_node()
    create(node, topic)
    produce(node, topic, [f"{index}" for index in range(20)])
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    for future in admin.delete_records([TopicPartition(topic, 0, 7)]).values():
        assert future.result(20).low_watermark == 7
    node.restart(kill=True)
    place = TopicPartition(topic, 0)
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    assert admin.list_offsets({place: OffsetSpec.earliest()})[place].result(20).offset == 7


# MARK: Configs

def test_a_topic_tells_its_configs_and_where_they_come_from(node, admin, topic):
    create(node, topic, **{"retention.ms": "3600000", "cleanup.policy": "compact"})
    entries = configs(admin, topic)
    assert entries["retention.ms"].value == "3600000"
    assert entries["retention.ms"].source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    assert entries["cleanup.policy"].value == "compact"
    assert entries["segment.bytes"].value == str(1 << 30)
    assert entries["segment.bytes"].source == ConfigSource.DEFAULT_CONFIG.value and entries["segment.bytes"].is_default
    assert not any(entry.is_sensitive for entry in entries.values())


def change(topic, name, value, operation):
    return ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[
        ConfigEntry(name, value, incremental_operation=operation)])


def test_configs_change_one_at_a_time(node, admin, topic):
    create(node, topic, **{"retention.ms": "1000", "max.message.bytes": "5000"})

    def alter(name, value, operation):
        for future in admin.incremental_alter_configs([change(topic, name, value, operation)]).values():
            future.result(20)
        return configs(admin, topic)

    entries = alter("retention.ms", "2000", AlterConfigOpType.SET)
    assert entries["retention.ms"].value == "2000" and entries["max.message.bytes"].value == "5000"
    entries = alter("retention.ms", None, AlterConfigOpType.DELETE)
    assert entries["retention.ms"].is_default and entries["retention.ms"].value == "604800000"
    entries = alter("cleanup.policy", "compact", AlterConfigOpType.APPEND)
    assert entries["cleanup.policy"].value == "delete,compact"
    entries = alter("cleanup.policy", "delete", AlterConfigOpType.SUBTRACT)
    assert entries["cleanup.policy"].value == "compact"
    # What was changed takes effect without a restart.
    alter("cleanup.policy", "delete", AlterConfigOpType.SET)
    alter("max.message.bytes", "200", AlterConfigOpType.SET)
    assert produce(node, topic, ["x" * 1000]) == [KafkaError.MSG_SIZE_TOO_LARGE]


def test_altering_all_configs_forgets_those_not_named(node, admin, topic):
    create(node, topic, **{"retention.ms": "1000", "max.message.bytes": "5000"})
    for future in admin.alter_configs([ConfigResource("topic", topic, set_config={"retention.ms": "9000"})]).values():
        future.result(20)
    entries = configs(admin, topic)
    assert entries["retention.ms"].value == "9000" and entries["max.message.bytes"].is_default


@pytest.mark.parametrize("name, value", [
    ("retention.ms", "soon"), ("retention.ms", "-2"), ("retention.ms", ""), ("retention.ms", "99999999999999999999"),
    ("cleanup.policy", "burn"), ("compression.type", "rar"), ("segment.bytes", "1"), ("min.insync.replicas", "0"),
    ("message.timestamp.type", "Yesterday"), ("unclean.leader.election.enable", "perhaps"), ("no.such.config", "1"),
])
def test_a_bad_config_value_is_refused_and_nothing_changes(node, admin, topic, name, value):
    assert refusal(admin.create_topics([NewTopic(topic, 1, 1, config={name: value})])) == KafkaError.INVALID_CONFIG
    create(node, topic)
    before = {key: entry.value for key, entry in configs(admin, topic).items()}
    refused = admin.incremental_alter_configs([change(topic, name, value, AlterConfigOpType.SET)])
    assert refusal(refused) == KafkaError.INVALID_CONFIG
    assert {key: entry.value for key, entry in configs(admin, topic).items()} == before


def test_configs_survive_a_crash(own_node, topic):
    node = own_node()
    create(node, topic, partitions=2, **{"retention.ms": "1234567"})
    node.restart(kill=True)
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    assert configs(admin, topic)["retention.ms"].value == "1234567"
    assert len(admin.list_topics(topic, timeout=20).topics[topic].partitions) == 2


def test_the_settings_of_a_broker_are_told(admin):
    ((_, future),) = admin.describe_configs([ConfigResource("broker", "1")]).items()
    entries = future.result(20)
    assert entries["log.retention.ms"].value is not None or "log.retention.hours" in entries
    assert "message.max.bytes" in entries and "num.partitions" in entries


# MARK: The cluster

def test_the_cluster_is_described(node, admin):
    described = admin.describe_cluster().result(20)
    assert [broker.id for broker in described.nodes] == [described.controller.id] == [1]
    assert f"{described.nodes[0].host}:{described.nodes[0].port}" == node.bootstrap
    assert described.cluster_id in (node.data / "meta.properties").read_text()
    assert admin.list_topics(timeout=20).cluster_id == described.cluster_id


def test_log_dirs_tell_what_partitions_weigh(node, topic):
    from kafka.admin import KafkaAdminClient

    create(node, topic, partitions=2)
    produce(node, topic, ["x" * 1000] * 10)
    client = KafkaAdminClient(bootstrap_servers=node.bootstrap)
    try:
        described = client.describe_log_dirs()
    finally:
        client.close()
    assert topic in repr(described), described


def test_producers_of_a_partition_are_described(node, topic):
    import wire

    create(node, topic)
    assert produce(node, topic, ["a", "b", "c"], **{"enable.idempotence": True}) == [0, 1, 2]
    with wire.Connection(node.kafka_port) as connection:
        body = wire.compact_array([wire.compact_string(topic) + wire.compact_array([wire.int32(0)]) + b"\0"]) + b"\0"
        answer = connection.ask(61, 0, body, flexible=True)
    answer.int32()
    assert answer.compact_count() == 1 and answer.compact_string() == topic
    assert answer.compact_count() == 1
    assert (answer.int32(), answer.int16(), answer.compact_string()) == (0, 0, None)
    assert answer.compact_count() == 1
    producer_id, epoch, last_sequence = answer.int64(), answer.int32(), answer.int32()
    assert producer_id >= 0 and epoch == 0 and last_sequence == 2
