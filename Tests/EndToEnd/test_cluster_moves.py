# SPDX-License-Identifier: Apache-2.0
"""Moves give way to clients, and end all the same."""

import threading
import time
from contextlib import contextmanager

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from test_cluster_admin import told
from test_cluster_elasticity import MIB, fill, metrics, total

# Nothing moves by itself.
STILL = {"myelin.balance.enable": "false"}


@contextmanager
def producing(cluster, topic, size, pause, **settings):
    """A producer that waits for all replicas, until the block ends; it must not lose a record."""
    trouble, over = [], threading.Event()
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all", "message.timeout.ms": 60_000, **settings})

    def run():
        while not over.wait(pause):
            producer.produce(topic, b"x" * size, on_delivery=lambda error, _: error and trouble.append(error))
            producer.poll(0)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        assert producer.flush(60) == 0
    assert not trouble, trouble[0]


def place(cluster, topic, replicas):
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    (future,) = admin.create_topics([NewTopic(topic, 1, replica_assignment=[replicas])]).values()
    future.result(30)
    cluster.until_in_sync(topic, len(replicas))


def begin_move(cluster, topic, target):
    cluster.myelin("partition", "move", f"{topic}:0", "--replicas", str(target), "--no-wait", "--yes")


def moves(cluster):
    return told(cluster, "cluster", "balance", "--status")["moves"]


def rate(cluster, broker):
    return total(metrics(cluster, broker), "myelin_move_rate_bytes")


def slowdowns(cluster, broker):
    return total(metrics(cluster, broker), "myelin_move_slowdowns_total")


def test_a_move_gives_way_to_clients_that_wait_and_ends(own_cluster, topic):
    least = 256 << 10
    cluster = own_cluster(settings=STILL | {"myelin.move.rate.min": least, "myelin.move.rate.max": MIB})
    place(cluster, topic, [1])
    fill(cluster, topic, 0, 64)
    place(cluster, f"{topic}-clients", [1, 2, 3])
    with producing(cluster, f"{topic}-clients", 100, 0.01, **{"linger.ms": 0}):
        begin_move(cluster, topic, 2)
        cluster.until("it copies faster than it must", lambda: rate(cluster, 1) > least, 60)
        before = slowdowns(cluster, 1)

        def slowed():
            if rate(cluster, 1) == least:
                return slowdowns(cluster, 1) > before
            # Every record waits for the third broker as well.
            cluster.pause("broker", 3)
            time.sleep(1.5)
            cluster.resume("broker", 3)
            return slowdowns(cluster, 1) > before
        cluster.until("clients that wait slow it down", slowed, 60)
        assert [one["partition"] for one in moves(cluster)] == [0]
        cluster.myelin("config", "alter", "--broker", "all", "--set", f"myelin.move.rate.min={64 * MIB}",
                       "--set", f"myelin.move.rate.max={64 * MIB}")
        cluster.until("it ends", lambda: not moves(cluster), 60)
        copied = metrics(cluster, 2)['myelin_move_copied_bytes_total{direction="received"}']
    assert copied >= 64 * MIB * 0.95
    assert cluster.partitions(topic)[0].replicas == [2]


def test_a_move_ends_though_more_is_written_than_the_least_rate(own_cluster, topic):
    least = 256 << 10
    cluster = own_cluster(settings=STILL | {"myelin.move.rate.min": least, "myelin.move.rate.max": least})
    place(cluster, topic, [1])
    fill(cluster, topic, 0, 4)
    with producing(cluster, topic, 10_000, 0.01, **{"linger.ms": 0}):
        begin_move(cluster, topic, 3)
        cluster.until("it is level and has moved", lambda: not moves(cluster), 90)
        assert cluster.partitions(topic)[0].replicas == [3]
    assert rate(cluster, 1) == least
