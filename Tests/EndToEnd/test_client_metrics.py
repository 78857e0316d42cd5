# SPDX-License-Identifier: Apache-2.0
"""Metrics of clients (KIP-714): a subscription makes librdkafka push, and the node exports what it says."""

import gzip
import time
import urllib.request

import pytest
import wire
from confluent_kafka import Consumer, Producer
from test_clients import create

GET_SUBSCRIPTIONS, PUSH, LIST_CONFIG_RESOURCES = 71, 72, 74
INVALID_REQUEST, UNSUPPORTED_COMPRESSION, INVALID_RECORD, THROTTLED = 42, 76, 87, 89
UNKNOWN_SUBSCRIPTION, TELEMETRY_TOO_LARGE = 117, 118


@pytest.fixture
def subscribe(node):
    names = []

    def alter(name, *settings):
        names.append(name)
        node.myelin("config", "alter", "--client-metrics", name, *(f"--set={one}" for one in settings))
    yield alter
    for name in names:
        node.myelin(
            "config", "alter", "--client-metrics", name, "--unset=metrics", "--unset=interval.ms", "--unset=match")


def exported(node, client):
    """What the node exports of one client id: lines of the text format."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/metrics", timeout=20).read().decode()
    return [line for line in text.splitlines() if line.startswith(f'myelin_client_metric{{client_id="{client}"')]


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.2)


class Client:
    """One client instance on a connection of its own, by hand."""

    def __init__(self, connection):
        self.connection = connection
        self.instance = bytes(16)

    def get(self):
        answer = self.connection.ask(GET_SUBSCRIPTIONS, 0, self.instance + b"\0", flexible=True)
        answer.int32()
        code = answer.int16()
        if code != 0:
            return code
        self.instance = answer.take(16)
        self.subscription = answer.int32()
        self.codecs = [answer.int8() for _ in range(answer.compact_count())]
        self.interval = answer.int32()
        self.byte_count_max = answer.int32()
        answer.int8()
        self.metrics = [answer.compact_string() for _ in range(answer.compact_count())]
        return code

    def push(self, content, codec=0, subscription=None, terminating=False):
        subscription = self.subscription if subscription is None else subscription
        body = self.instance + wire.int32(subscription) + wire.int8(terminating) + wire.int8(codec)
        answer = self.connection.ask(PUSH, 0, body + wire.compact_bytes(content) + b"\0", flexible=True)
        answer.int32()
        return answer.int16()


def test_librdkafka_pushes_what_a_subscription_asks_for(node, topic, subscribe):
    create(node, topic)
    client = f"{topic}-teller"
    subscribe(topic, "metrics=org.apache.kafka.producer.,org.apache.kafka.consumer.", "interval.ms=500",
              f"match=client_id={client}.*")
    producer = Producer({"bootstrap.servers": node.bootstrap, "client.id": client})
    consumer = Consumer({
        "bootstrap.servers": node.bootstrap, "client.id": f"{client}-reader", "group.id": topic,
        "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    other = Producer({"bootstrap.servers": node.bootstrap, "client.id": f"{topic}-silent"})

    def both_told():
        for one in (producer, other):
            one.produce(topic, b"x")
            one.poll(0)
        consumer.poll(0.1)
        return exported(node, client) and exported(node, f"{client}-reader")
    until(both_told)
    assert any('metric="org.apache.kafka.producer.' in line for line in exported(node, client))
    assert any('metric="org.apache.kafka.consumer.' in line for line in exported(node, f"{client}-reader"))
    assert exported(node, f"{topic}-silent") == []
    producer.flush(10)
    other.flush(10)
    consumer.close()


def told(connection, metrics):
    """A client of a connection on which a subscription is known."""
    client = Client(connection)

    def is_told():
        client.instance = bytes(16)
        assert client.get() == 0
        return client.metrics == metrics
    until(is_told, 20)
    return client


@pytest.fixture
def connection(node):
    with wire.Connection(node.kafka_port) as connection:
        yield connection


def test_a_client_is_told_its_subscription_and_held_to_it(connection, topic, subscribe):
    client = told(connection, [])
    assert client.interval == 300_000 and client.instance != bytes(16)
    subscribe(topic, "metrics=*", "interval.ms=3600000", "match=client_source_address=127\\.0\\.0\\.1")
    subscribe(f"{topic}-b", "metrics=a.", "interval.ms=600000", "match=client_id=nobody")
    # What it was told no longer holds: it learns so when it pushes, and may ask again at once.
    told(connection, ["*"])
    assert client.push(b"") == UNKNOWN_SUBSCRIPTION
    assert client.get() == 0
    assert client.metrics == ["*"] and client.interval == 3_600_000 and client.byte_count_max == 1 << 20
    assert set(client.codecs) == {1, 2, 3, 4}
    assert client.get() == THROTTLED
    assert client.push(b"") == 0
    assert client.push(b"") == THROTTLED
    assert client.push(b"", terminating=True) == 0
    assert client.push(b"") == INVALID_REQUEST


@pytest.mark.parametrize("content, codec, code", [
    (b"\xff" * 10, 0, INVALID_RECORD), (b"no gzip", 1, INVALID_RECORD), (b"", 9, UNSUPPORTED_COMPRESSION),
    (b"\0" * ((1 << 20) + 1), 0, TELEMETRY_TOO_LARGE), (gzip.compress(b"\0" * (64 << 20)), 1, INVALID_RECORD),
])
def test_pushes_that_cannot_be_read_are_refused(connection, topic, subscribe, content, codec, code):
    subscribe(topic, "metrics=*", "interval.ms=3600000")
    assert told(connection, ["*"]).push(content, codec) == code


def test_subscriptions_are_listed_described_and_checked(node, connection, topic, subscribe):
    subscribe(topic, "metrics=a.,b.", "interval.ms=60000")
    told(connection, ["a.", "b."])
    answer = connection.ask(LIST_CONFIG_RESOURCES, 0, b"\0", flexible=True)
    assert (answer.int32(), answer.int16()) == (0, 0)
    names = []
    for _ in range(answer.compact_count()):
        names.append(answer.compact_string())
        answer.take(1)
    assert names == [topic]
    assert "a.,b." in node.myelin("config", "describe", "--client-metrics", topic).stdout
    for bad in ("interval.ms=1", "match=client_id=(", "match=no_such_trait=x", "no.such.setting=1"):
        assert node.myelin("config", "alter", "--client-metrics", topic, f"--set={bad}", check=False).returncode == 1
    explained = node.myelin("config", "explain", "interval.ms", "--client-metrics", topic, "--output", "json").stdout
    assert '"value": "60000"' in explained and '"appliesTo": "client-metrics"' in explained
    assert "KEY=PATTERN" in node.myelin("config", "explain", "match").stdout
