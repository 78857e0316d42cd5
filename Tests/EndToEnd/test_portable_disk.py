# SPDX-License-Identifier: Apache-2.0
"""The same promises where the system refuses io_uring, as most containers do, and threads do the work instead."""

import pytest
import test_clients
import test_durability
import test_groups
import test_records
from node import Node
from test_clients import create
from test_durability import read_all
from test_records import produce

THREADS = {"myelin.disk.mechanism": "threads", "group.initial.rebalance.delay.ms": 100}


@pytest.fixture(scope="module")
def node():
    one = Node(settings=THREADS).start()
    yield one
    assert one.process.poll() is None
    one.close()


@pytest.fixture
def own_node(own_node):
    return lambda settings=None, **options: own_node(settings={**THREADS, **(settings or {})}, **options)


def test_the_node_says_that_threads_are_used(node):
    node.says('disk="threads, as configured"')


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_confluent_kafka(node, topic, codec):
    test_clients.test_confluent_kafka(node, topic, codec, True)


def test_aiokafka(node, topic):
    test_clients.test_aiokafka(node, topic, "lz4")


def test_a_fetch_session_over_a_hundred_partitions(node, topic):
    test_records.test_a_fetch_session_over_a_hundred_partitions(node, topic)


def test_offsets_are_found_by_time(node, topic):
    test_records.test_offsets_are_found_by_time(node, topic)


def test_a_record_of_the_largest_size_by_default(node, topic):
    test_records.test_a_record_of_the_largest_size_by_default(node, topic)


def test_committed_offsets_survive_a_restart(own_node, topic):
    test_groups.test_every_record_reaches_one_member_and_committed_offsets_survive_a_restart(own_node, topic)


def test_kill_in_the_middle_of_produce(own_node, topic):
    test_durability.test_kill_in_the_middle_of_produce(own_node, topic, 2, max(1, test_durability.KILLS // 10))


def test_a_folder_goes_from_one_mechanism_to_the_other_and_back(own_node, topic):
    node = own_node()
    create(node, topic)
    written = []
    for mechanism in ("io_uring", "threads", "auto"):
        node.stop()
        node.settings["myelin.disk.mechanism"] = mechanism
        try:
            node.start()
        except AssertionError as failure:
            if mechanism == "io_uring" and "io_uring" in str(failure):
                continue  # refused by this system, and said so
            raise
        assert produce(node, topic, [mechanism]) == [len(written)]
        written.append((len(written), mechanism.encode()))
        assert read_all(node, topic) == written
