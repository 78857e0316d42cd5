# SPDX-License-Identifier: Apache-2.0
"""Load moves off a hot broker, throttled moves keep to their rate, and replication shows in the metrics."""

import time
from concurrent.futures import ThreadPoolExecutor

from cluster import total
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic
from test_cluster_admin import told
from test_cluster_clients import produce, stored

MIB = 1 << 20


def metrics(cluster, broker):
    return cluster.metrics(cluster.node("broker", broker))


def fill(cluster, topic, partition, mebibytes):
    """Writes records that do not compress to nothing, whatever they hold."""
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all", "linger.ms": 20})
    for _ in range(mebibytes * 16):
        producer.produce(topic, b"x" * 65_000, partition=partition)
        producer.poll(0)
    assert producer.flush(120) == 0


def throttled(cluster, topic):
    """What is set of the topic's and the brokers' replication throttles."""
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    found = {}
    for resource in [ConfigResource("topic", topic)] + [ConfigResource("broker", str(id)) for id in (1, 2, 3)]:
        (future,) = admin.describe_configs([resource]).values()
        for name, entry in future.result(20).items():
            if "replication.throttled" in name and not entry.is_default:
                found[f"{resource.name}/{name}"] = entry.value
    return {key: value for key, value in found.items() if value}


def are_whole(throttles, topic):
    """Whether brokers have a rate and the topic names its replicas: they are set by two requests, one after the other."""
    return (any(name.endswith("leader.replication.throttled.rate") for name in throttles)
            and any(name.startswith(f"{topic}/") for name in throttles))


def test_a_throttled_move_takes_its_time_and_takes_the_throttle_away(own_cluster, topic):
    cluster = own_cluster()
    cluster.create(topic, replicas=1)
    fill(cluster, topic, 0, 12)
    source = cluster.leader(topic)
    target = next(id for id in (1, 2, 3) if id != source)
    start = time.monotonic()
    with ThreadPoolExecutor() as pool:
        move = pool.submit(
            cluster.myelin, "partition", "move", f"{topic}:0", "--replicas", str(target), "--throttle", "2MiB", "--yes")
        cluster.until("the throttle is set", lambda: are_whole(throttled(cluster, topic), topic))
        move.result()
    # A second's bytes may go at once, and one batch more than is allowed.
    assert time.monotonic() - start >= (12 - 2 - 1) / 2
    assert throttled(cluster, topic) == {}
    assert cluster.partitions(topic)[0].replicas == [target]
    assert total(metrics(cluster, source), "myelin_replication_throttled_seconds_total") > 1


def test_the_rate_of_writes_is_told_of_the_broker_that_leads(own_cluster, topic):
    # One partition cannot be placed better: it does not move, as its rate would be gone with its leader.
    cluster = own_cluster(settings={"myelin.balance.interval.ms": 2000})
    cluster.create(topic, replicas=1)

    def writers():
        fill(cluster, topic, 0, 1)
        return [one["nodeId"] for one in told(cluster, "cluster", "balance")["brokers"] if one["bytesInPerSecond"] > 0]

    assert cluster.until("a rate is told", writers) == [cluster.leader(topic)]


def test_bytes_move_off_the_broker_that_has_most_though_counts_are_even(own_cluster, topic):
    cluster = own_cluster(settings={"myelin.balance.interval.ms": 2000})
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    hot = [[1], [1], [2], [2], [3], [3]]
    for future in admin.create_topics([NewTopic(topic, 6, replica_assignment=hot)]).values():
        future.result(30)
    cluster.until_in_sync(topic, 1)
    cluster.until("nothing moves while it is even", lambda: told(cluster, "cluster", "balance")["isBalanced"])
    for partition in (0, 1):
        fill(cluster, topic, partition, 24)
    cluster.until("the two full partitions are on two brokers", lambda: len({
        cluster.partitions(topic)[index].replicas[0] for index in (0, 1)}) == 2, 120)
    cluster.until("the moves are done", lambda: not told(cluster, "cluster", "balance", "--status")["moves"], 120)
    cluster.until_in_sync(topic, 1)
    sizes = {one["nodeId"]: one["byteCount"] for one in told(cluster, "cluster", "balance")["brokers"]}
    assert max(sizes.values()) < 40 * MIB, sizes


def test_replication_shows_in_the_metrics(cluster, topic):
    cluster.create(topic, 1)
    leader = cluster.leader(topic)
    gone = next(id for id in (1, 2, 3) if id != leader)
    before = metrics(cluster, leader)
    records = produce(cluster, topic, 500)
    after = metrics(cluster, leader)
    assert total(after, "myelin_replication_sent_bytes_total") > total(before, "myelin_replication_sent_bytes_total")
    assert total(metrics(cluster, gone), "myelin_replication_received_bytes_total") > 0
    assert total(after, "myelin_partitions_led") >= 1 and total(after, "myelin_leader_elections_total") >= 1
    assert total(after, "myelin_partitions_offline") == 0

    cluster.kill("broker", gone)
    def lagging():
        numbers = metrics(cluster, leader)
        return (total(numbers, "myelin_partitions_under_replicated") >= 1
                and total(numbers, "myelin_isr_shrinks_total") > total(before, "myelin_isr_shrinks_total")
                and numbers)
    cluster.until("the set is smaller", lagging)
    records |= {number + 500: place for number, place in produce(cluster, topic, 500).items()}
    lagging_now = metrics(cluster, leader)
    assert lagging_now[f'myelin_follower_lag_records{{follower="{gone}"}}'] >= 500
    assert lagging_now[f'myelin_follower_lag_seconds{{follower="{gone}"}}'] > 0

    cluster.begin("broker", gone)
    cluster.until_in_sync(topic)
    def level():
        numbers = metrics(cluster, leader)
        return (total(numbers, "myelin_isr_expands_total") > total(before, "myelin_isr_expands_total")
                and numbers.get(f'myelin_follower_lag_records{{follower="{gone}"}}') == 0)
    cluster.until("it has everything", level)
