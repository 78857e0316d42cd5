# SPDX-License-Identifier: Apache-2.0

import itertools

import pytest
from cluster import Cluster
from node import Node

counter = itertools.count()


@pytest.fixture(scope="session")
def shared_node():
    """One node for all tests that only use it."""
    node = Node(settings={"group.initial.rebalance.delay.ms": 100}).start()
    yield node
    node.close()


@pytest.fixture
def node(shared_node):
    assert shared_node.process.poll() is None, "the shared node died:\n" + "".join(shared_node.errors[-30:])
    yield shared_node
    assert shared_node.process.poll() is None, "the test killed the node:\n" + "".join(shared_node.errors[-30:])


@pytest.fixture
def own_node():
    """Makes nodes that a test may stop, kill and break."""
    nodes = []

    def make(**options):
        nodes.append(Node(**options))
        return nodes[-1].start()

    yield make
    for one in nodes:
        one.close()


@pytest.fixture(scope="session")
def shared_cluster():
    """Three brokers in three racks and three controllers, for all tests that leave them as they were."""
    cluster = Cluster(racks=["a", "b", "c"])
    try:
        yield cluster.start()
    finally:
        cluster.close()


@pytest.fixture
def cluster(shared_cluster):
    """The shared cluster; a test may end nodes, all of which run again afterwards."""
    yield shared_cluster
    for node in shared_cluster.nodes():
        if node["state"] == "paused":
            shared_cluster.resume(node["role"], node["id"])
    for role in ("controller", "broker"):
        shared_cluster.begin(role, "all")


@pytest.fixture
def own_cluster():
    """Makes clusters that a test may change for good."""
    clusters = []

    def make(**options):
        clusters.append(Cluster(**options))
        return clusters[-1].start()

    yield make
    for one in clusters:
        one.close()


@pytest.fixture
def topic():
    """A name that no other test uses."""
    return f"topic-{next(counter)}"
