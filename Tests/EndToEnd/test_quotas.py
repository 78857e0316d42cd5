# SPDX-License-Identifier: Apache-2.0
"""Client quotas as clients feel them: told the wait, slowed to the rate, never refused."""

import json
import time

import cluster_wire
import pytest
import wire
from confluent_kafka import Consumer, Producer
from kafka import KafkaAdminClient
from kafka.protocol.admin.client_quotas import AlterClientQuotasRequest, DescribeClientQuotasRequest
from test_clients import create

CREATE_TOPICS = 19
INVALID_REQUEST, THROTTLING_QUOTA_EXCEEDED = 42, 89


class Quotas:
    """kafka-python's own messages for quotas, for which its admin client has no methods yet."""

    def __init__(self, bootstrap):
        self.client = KafkaAdminClient(bootstrap_servers=bootstrap)

    def _send(self, request):
        return self.client._manager.run(lambda: self.client._manager.send(request))

    def alter(self, entity, changes, validate_only=False):
        """`entity`: type to name or None; `changes`: key to limit, None to remove. The error code."""
        ops = [(key, 0.0 if limit is None else float(limit), limit is None) for key, limit in changes.items()]
        response = self._send(AlterClientQuotasRequest(
            entries=[(list(entity.items()), ops)], validate_only=validate_only))
        return response.entries[0].error_code

    def all(self):
        response = self._send(DescribeClientQuotasRequest(components=[], strict=False))
        assert response.error_code == 0
        return {
            tuple((part.entity_type, part.entity_name) for part in entry.entity):
                {value.key: value.value for value in entry.values}
            for entry in response.entries}


@pytest.fixture
def quotas(node):
    quotas = Quotas(node.bootstrap)
    yield quotas
    for entity, limits in quotas.all().items():
        assert quotas.alter(dict(entity), dict.fromkeys(limits)) == 0
    quotas.client.close()


class Throttles:
    """What librdkafka tells about waits."""

    def __init__(self):
        self.milliseconds = []

    def __call__(self, event):
        self.milliseconds.append(round(event.throttle_time * 1000))


def test_kafka_python_alters_and_describes_quotas(quotas):
    ann = {"user": "ann"}
    assert quotas.alter(ann, {"producer_byte_rate": 1e6, "request_percentage": 12.5}) == 0
    assert quotas.alter({"user": "ann", "client-id": None}, {"consumer_byte_rate": 5}) == 0
    assert quotas.alter({"ip": "192.0.2.7"}, {"connection_creation_rate": 3}) == 0
    assert quotas.alter({"user": "bob"}, {"producer_byte_rate": 1}, validate_only=True) == 0
    assert quotas.alter({"user": "bob"}, {"producer_byte_rate": -1}) == INVALID_REQUEST
    for limit in (float("nan"), float("inf"), 1e300):
        assert quotas.alter({"user": "bob"}, {"request_percentage": limit}) == INVALID_REQUEST
    assert quotas.alter({"user": "bob"}, {"no_such_rate": 1}) == INVALID_REQUEST
    assert quotas.all() == {
        (("user", "ann"),): {"producer_byte_rate": 1e6, "request_percentage": 12.5},
        (("user", "ann"), ("client-id", None)): {"consumer_byte_rate": 5},
        (("ip", "192.0.2.7"),): {"connection_creation_rate": 3},
    }
    assert quotas.alter(ann, {"producer_byte_rate": None}) == 0
    assert quotas.all()[(("user", "ann"),)] == {"request_percentage": 12.5}


def test_a_producer_is_told_to_wait_and_slowed_to_its_rate(node, topic, quotas):
    create(node, topic)
    assert quotas.alter({"client-id": "heavy"}, {"producer_byte_rate": 100_000}) == 0
    throttles = Throttles()
    producer = Producer({
        "bootstrap.servers": node.bootstrap, "client.id": "heavy", "throttle_cb": throttles, "linger.ms": 5,
        "batch.size": 50_000, "enable.idempotence": True})
    failed = []
    start = time.monotonic()
    # Ten seconds' worth is free, the rest takes its time.
    for _ in range(1_300):
        producer.produce(topic, b"x" * 1_000, on_delivery=lambda error, _: error and failed.append(error))
        producer.poll(0)
    assert producer.flush(60) == 0
    seconds = time.monotonic() - start
    assert not failed
    assert max(throttles.milliseconds) > 0
    # 1.3 MB at 100 KB a second, of which a megabyte is free: whatever the machine, it cannot be faster.
    assert seconds > 1.5
    assert 'myelin_throttled_requests_total{quota="producer_byte_rate"}' in node_metrics(node)


def test_others_are_not_slowed(node, topic, quotas):
    create(node, topic)
    assert quotas.alter({"client-id": "heavy"}, {"producer_byte_rate": 1}) == 0
    throttles = Throttles()
    producer = Producer({"bootstrap.servers": node.bootstrap, "client.id": "light", "throttle_cb": throttles})
    for _ in range(1_000):
        producer.produce(topic, b"x" * 1_000)
    assert producer.flush(60) == 0
    assert not any(throttles.milliseconds)


def test_a_consumer_gets_every_record_at_its_rate(node, topic, quotas):
    create(node, topic)
    producer = Producer({"bootstrap.servers": node.bootstrap, "batch.size": 50_000})
    for number in range(4_500):
        producer.produce(topic, str(number).encode().ljust(1_000))
    assert producer.flush(30) == 0
    assert quotas.alter({"client-id": None}, {"consumer_byte_rate": 300_000}) == 0
    throttles = Throttles()
    consumer = Consumer({
        "bootstrap.servers": node.bootstrap, "client.id": "reader", "group.id": topic, "throttle_cb": throttles,
        "auto.offset.reset": "earliest", "fetch.message.max.bytes": 100_000})
    consumer.subscribe([topic])
    start, numbers = time.monotonic(), []
    while len(numbers) < 4_500 and time.monotonic() - start < 60:
        message = consumer.poll(1)
        if message is not None:
            assert message.error() is None
            numbers.append(int(message.value()))
    seconds = time.monotonic() - start
    consumer.close()
    assert numbers == list(range(4_500))
    assert max(throttles.milliseconds, default=0) > 0
    assert seconds > 3


def test_the_tool_keeps_to_its_quotas(node, topic, quotas):
    """It comes by RPC, where nobody is told to wait: its connection is read later."""
    create(node, topic)
    assert quotas.alter({"client-id": "myelin"}, {"producer_byte_rate": 200_000, "consumer_byte_rate": 200_000}) == 0
    lines = [str(number).ljust(1_000, "x") for number in range(3_000)]
    for kind, work in [
        ("producer", lambda: node.myelin("topic", "produce", topic, input="\n".join(lines) + "\n")),
        ("consumer", lambda: node.myelin("topic", "consume", topic)),
    ]:
        name = f'myelin_throttled_requests_total{{quota="{kind}_byte_rate"}}'
        before = counted(node, name)
        done = work()
        assert counted(node, name) > before
    assert done.stdout.splitlines() == lines


def test_a_raised_quota_ends_the_wait(node, topic, quotas):
    create(node, topic)
    assert quotas.alter({"client-id": "raw"}, {"producer_byte_rate": 10}) == 0
    body = wire.produce_body(topic, wire.batch([wire.record(b"x" * 5_000)]))
    with wire.Connection(node.kafka_port, seconds=30) as connection:
        answer = connection.ask(wire.PRODUCE, 3, body)
        throttle = int.from_bytes(answer.rest[-4:], "big", signed=True)
        assert throttle > 300_000
        # Muted: a request is taken by the kernel and answered only when the wait is over.
        connection.send(connection.request(wire.API_VERSIONS, 0, b""))
        connection.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            connection.socket.recv(1)
        connection.socket.settimeout(20)
        assert quotas.alter({"client-id": "raw"}, {"producer_byte_rate": None}) == 0
        assert connection.receive() is not None


def test_processor_time_is_a_quota_too(node, topic, quotas):
    assert quotas.alter({"client-id": "raw"}, {"request_percentage": 0.01}) == 0
    with wire.Connection(node.kafka_port) as connection:
        waits = []
        for _ in range(2_000):
            answer = connection.ask(wire.METADATA, 3, wire.int32(-1))
            waits.append(answer.int32())
            if waits[-1] > 0:
                break
        assert 0 < waits[-1] <= 1_000, "as in Kafka, one wait is at most one window"


def test_creating_topics_too_fast_is_refused_where_the_client_understands_it(node, topic, quotas):
    # A tenth of a partition a second, eleven seconds' worth at once.
    assert quotas.alter({"client-id": "raw"}, {"controller_mutation_rate": 0.1}) == 0

    def body(name):
        entry = wire.compact_string(name) + wire.int32(2) + wire.int16(1) + wire.compact_array([]) * 2 + b"\0"
        return wire.compact_array([entry]) + wire.int32(10_000) + b"\0" + b"\0"

    def outcome(answer):
        throttle = answer.int32()
        assert answer.compact_count() == 1
        answer.compact_string()
        answer.take(16)
        return throttle, answer.int16()

    with wire.Connection(node.kafka_port) as connection:
        throttle, code = outcome(connection.ask(CREATE_TOPICS, 7, body(topic), flexible=True))
        assert code == 0 and 0 < throttle <= 10_000
    with wire.Connection(node.kafka_port) as connection:
        throttle, code = outcome(connection.ask(CREATE_TOPICS, 7, body(topic + "-b"), flexible=True))
        assert code == THROTTLING_QUOTA_EXCEEDED and 0 < throttle <= 10_000


def test_topics_that_metadata_would_create_count_too(node, topic, quotas):
    assert quotas.alter({"client-id": "raw"}, {"controller_mutation_rate": 0.1}) == 0
    names = [f"{topic}-{number}" for number in range(20)]
    with wire.Connection(node.kafka_port) as connection:
        answer = connection.ask(wire.METADATA, 3, wire.array([wire.string(name) for name in names]))
        assert 0 < answer.int32() <= 10_000
    listed = node.myelin("topic", "list").stdout
    assert sum(f"{name} " in listed for name in names) < len(names)


def test_an_address_connects_only_so_often(node, quotas):
    assert quotas.alter({"ip": "127.0.0.1"}, {"connection_creation_rate": 1_000}) == 0
    assert quotas.alter({"ip": "127.0.0.2"}, {"connection_creation_rate": 2}) == 0
    served = 0
    for _ in range(10):
        with wire.Connection(node.kafka_port) as connection:
            pass
    import socket
    for _ in range(20):
        one = socket.socket()
        one.bind(("127.0.0.2", 0))
        one.connect(("127.0.0.1", node.kafka_port))
        one.settimeout(5)
        try:
            one.sendall(wire.byte_string(wire.int16(18) + wire.int16(0) + wire.int32(1) + wire.string("raw")))
            served += one.recv(4) != b""
        except ConnectionError:
            pass
        one.close()
    assert 1 <= served <= 6


def test_the_command_line_sets_lists_and_removes(node, quotas):
    node.myelin("quota", "set", "--user", "ann", "--produce", "10MiB", "--dry-run")
    assert quotas.all() == {}
    said = node.myelin("quota", "set", "--user", "ann", "--client-id", "etl", "--produce", "10MiB").stdout
    assert "set producer_byte_rate of user ann, client-id etl to 10 MiB" in said
    node.myelin("quota", "set", "--default-ip", "--connections", "20")
    listed = json.loads(node.myelin("quota", "list", "--output", "json").stdout)["quotas"]
    assert {one["entity"][0]["type"] for one in listed} == {"user", "ip"}
    assert "10 MiB" in node.myelin("quota", "list").stdout
    refused = node.myelin("quota", "set", "--user", "ann", "--connections", "1", check=False)
    assert refused.returncode == 1 and "quota of an ip" in refused.stderr
    node.myelin("quota", "remove", "--user", "ann", "--client-id", "etl")
    assert list(quotas.all()) == [(("ip", None),)]


def test_every_broker_of_a_cluster_holds_a_quota(cluster, topic):
    cluster.create(topic, partitions=3, replicas=1)
    body = [wire.produce_body(topic, wire.batch([wire.record(b"x" * 5_000)]), partition=n) for n in range(3)]

    def waits():
        """How long each partition's leader makes a producer wait, who comes on a connection of its own."""
        found = []
        for partition in range(3):
            with cluster_wire.connect(cluster.address(cluster.leader(topic, partition))) as connection:
                answer = connection.ask(wire.PRODUCE, 3, body[partition])
                found.append(int.from_bytes(answer.rest[-4:], "big", signed=True))
        return found
    quotas = Quotas(cluster.bootstrap.split(","))
    try:
        assert waits() == [0, 0, 0]
        # No number at all reaches the controller, and is refused there.
        assert quotas.alter({"client-id": "raw"}, {"request_percentage": float("nan")}) == INVALID_REQUEST
        cluster.myelin("quota", "set", "--client-id", "raw", "--produce", "10")
        assert quotas.all() == {(("client-id", "raw"),): {"producer_byte_rate": 10}}
        cluster.until("every leader makes producers wait", lambda: min(waits()) > 300_000)
    finally:
        cluster.myelin("quota", "remove", "--client-id", "raw")
        quotas.client.close()
    cluster.until("no leader makes producers wait", lambda: waits() == [0, 0, 0])


def test_quotas_survive_a_restart(own_node):
    node = own_node()
    node.myelin("quota", "set", "--user", "ann", "--fetch", "1MiB")
    node.restart(kill=True)
    assert "1.0 MiB" in node.myelin("quota", "list").stdout


def counted(node, name):
    found = [line for line in node_metrics(node).splitlines() if line.startswith(name)]
    return float(found[0].split()[-1]) if found else 0


def node_metrics(node):
    import urllib.request
    return urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}/metrics", timeout=10).read().decode()
