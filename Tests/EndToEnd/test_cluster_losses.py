# SPDX-License-Identifier: Apache-2.0
"""An unclean election by order: what it lost is written down, by everyone who knows a part of it."""

import json

from confluent_kafka import Consumer, TopicPartition
from test_cluster_admin import told
from test_cluster_clients import produce, stored


def commit(cluster, group, topic, offset):
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": group})
    consumer.commit(offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)
    consumer.close()


def manifests(cluster):
    """The newest record of each manifest, by its key."""
    lines = cluster.myelin("topic", "consume", "__loss_manifest", "--format", "%k\t%v\\n").stdout.splitlines()
    return {key: json.loads(value) for key, value in (line.split("\t", 1) for line in lines)}


def findings(cluster):
    document = json.loads(cluster.myelin("doctor", "--output", "json", check=False).stdout)
    return [finding for finding in document["findings"] if finding["check"] == "losses"]


def test_a_loss_is_written_down_by_all_who_know_of_it(own_cluster, topic):
    cluster = own_cluster()
    cluster.create(topic, **{"min.insync.replicas": "1"})
    cluster.create("untouched", **{"min.insync.replicas": "1"})
    assert len(produce(cluster, topic, 10)) == 10
    commit(cluster, "careful", topic, 5)
    leader = cluster.leader(topic)
    behind = next(node["id"] for node in cluster.nodes("broker") if node["id"] != leader)
    (other,) = {1, 2, 3} - {leader, behind}

    # Ten records that one replica does not have, and a group that has read them.
    cluster.kill("broker", behind)
    cluster.until("it has left the set in sync", lambda: behind not in cluster.partitions(topic)[0].isr)
    assert len(produce(cluster, topic, 10)) == 10
    commit(cluster, "eager", topic, 20)
    cluster.kill("broker", other)
    # Else it may be taken for the last one in sync, and the leader is not waited for.
    cluster.until("the leader is alone", lambda: cluster.partitions(topic)[0].isr == [leader])
    cluster.kill("broker", leader)
    cluster.begin("broker", behind)
    cluster.until("nobody leads", lambda: cluster.partitions(topic)[0].leader < 0)

    cluster.myelin("partition", "elect-leader", topic, "--unclean", "--yes")
    assert cluster.leader(topic) == behind
    found = cluster.until("the leader has told", lambda: [
        one for one in manifests_if_any(cluster) if one["topic"] == topic and "logEndOffset" in one])[0]
    assert found["logEndOffset"] == 10 and not found["isComplete"]
    assert found["electedLeader"] == behind and leader in found["awaitedReplicas"]
    assert found["replicas"] == [] and "firstLostOffset" not in found
    (finding,) = findings(cluster)
    assert "ended at 10" in finding["summary"] and f"{leader}" in finding["remedy"], finding
    # The log goes on with other records at the offsets of the lost ones.
    assert [place for _, place in produce(cluster, topic, 3).values()] == [10, 11, 12]

    cluster.begin("broker", leader)
    cluster.begin("broker", other)
    cluster.until_in_sync(topic)
    whole = cluster.until("the manifest is complete", lambda: [
        one for one in manifests_if_any(cluster)
        if one["topic"] == topic and one["isComplete"] and len(one["replicas"]) == 2 and one["groups"]])[0]
    assert (whole["firstLostOffset"], whole["endLostOffset"]) == (10, 20)
    for account in whole["replicas"]:
        assert (account["firstOffset"], account["endOffset"], account["recordCount"]) == (10, 20, 10)
        assert len(account["producers"]) == 1
        assert (account["producers"][0]["firstOffset"], account["producers"][0]["lastOffset"]) == (10, 19)
    assert whole["groups"] == [{"group": "eager", "committedOffset": 20}]
    assert whole["awaitedReplicas"] == []
    assert {one["topic"] for one in manifests_if_any(cluster)} == {topic}
    (finding,) = findings(cluster)
    assert "Offsets 10 to 19 are lost" in finding["summary"] and "eager" in finding["summary"]
    assert len(stored(cluster, topic)) == 10  # 0 to 9, where 0 to 2 came again


def manifests_if_any(cluster):
    topics = [one["name"] for one in told(cluster, "topic", "list", "--internal")["topics"]]
    return list(manifests(cluster).values()) if "__loss_manifest" in topics else []
