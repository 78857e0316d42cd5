# SPDX-License-Identifier: Apache-2.0
"""What no client should send. After each of it the node lives, has not grown, and serves the next client."""

import gzip
import random
import struct

import pytest
import wire
from kafka.codec import snappy_encode
from test_clients import create
from test_records import consume, produce

CORRUPT_MESSAGE, UNKNOWN_TOPIC_OR_PARTITION, MESSAGE_TOO_LARGE, INVALID_RECORD = 2, 3, 10, 87
INVALID_REQUIRED_ACKS, OUT_OF_ORDER_SEQUENCE, UNSUPPORTED_VERSION, INVALID_TIMESTAMP = 21, 45, 35, 32
UNSUPPORTED_FOR_MESSAGE_FORMAT, UNSUPPORTED_COMPRESSION, INVALID_TXN_STATE = 43, 76, 48

# What one test may leave behind. A codec and its output stay below 64 MiB, and the allocator may hold on to that.
GROWTH_KIBIBYTES_MAX = 64 << 10


@pytest.fixture
def sturdy(node, topic):
    """A node with a topic, looked at before and after."""
    create(node, topic)
    assert produce(node, topic, ["before"]) == [0]
    before = node.resident_kibibytes()
    yield node
    assert node.process.poll() is None
    assert node.resident_kibibytes() - before < GROWTH_KIBIBYTES_MAX
    end = produce(node, topic, ["after"])[0]
    assert [message.value() for message in consume(node, topic, 1, offset=end)] == [b"after"]
    assert not any("Fatal error" in line for line in node.errors)


# MARK: Frames

@pytest.mark.parametrize("length", [-1, -(1 << 31), 0, 1, 7, (1 << 31) - 1, 200 << 20])
def test_an_impossible_frame_length_ends_the_connection(sturdy, length):
    with wire.Connection(sturdy.kafka_port) as connection:
        connection.send(wire.int32(length) + b"\0" * min(max(length, 0), 64))
        assert connection.is_closed_by_node()


def test_garbage_ends_the_connection(sturdy):
    chance = random.Random(11)
    for _ in range(200):
        with wire.Connection(sturdy.kafka_port) as connection:
            body = chance.randbytes(chance.randrange(1, 400))
            connection.send(wire.int32(len(body)) + body)
            connection.socket.shutdown(1)
            # Some garbage is a request by chance; all else ends the connection.
            while connection.receive() is not None:
                pass


def test_other_protocols_end_the_connection(sturdy):
    for greeting in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 30):
        with wire.Connection(sturdy.kafka_port) as connection:
            connection.send(greeting)
            assert connection.is_closed_by_node()


def test_a_request_cut_at_every_byte_ends_the_connection(sturdy, topic):
    with wire.Connection(sturdy.kafka_port) as whole:
        request = whole.request(wire.PRODUCE, 3, wire.produce_body(topic, wire.batch([wire.record(b"x")])))[4:]
    for length in range(len(request)):
        with wire.Connection(sturdy.kafka_port) as connection:
            connection.send(wire.byte_string(request[:length]))
            assert connection.is_closed_by_node(), length


def test_half_a_frame_costs_only_what_was_sent(sturdy):
    """The promise of 90 MiB makes the node set nothing aside."""
    before = sturdy.resident_kibibytes()
    connections = [wire.Connection(sturdy.kafka_port) for _ in range(50)]
    for connection in connections:
        connection.send(wire.int32(90 << 20) + b"\0\0\0\3" * 100)
    with wire.Connection(sturdy.kafka_port) as healthy:
        assert healthy.ask(wire.API_VERSIONS, 0, b"").int16() == 0
    assert sturdy.resident_kibibytes() - before < GROWTH_KIBIBYTES_MAX
    for connection in connections:
        connection.socket.close()


def test_a_frame_that_arrives_byte_by_byte_is_answered(sturdy):
    with wire.Connection(sturdy.kafka_port) as connection:
        for byte in connection.request(wire.API_VERSIONS, 0, b""):
            connection.send(bytes([byte]))
        answer = connection.receive()
        assert (answer.int32(), answer.int16()) == (connection.correlation, 0)


def test_connections_reset_in_the_middle_of_an_answer(sturdy, topic):
    produce(sturdy, topic, [b"x" * 100_000] * 20)
    fetch = wire.int32(-1) + wire.int32(100) + wire.int32(1) + wire.int32(50 << 20) + wire.int8(0)
    fetch += wire.array([wire.string(topic) + wire.array([wire.int32(0) + wire.int64(0) + wire.int32(50 << 20)])])
    for _ in range(50):
        connection = wire.Connection(sturdy.kafka_port)
        # Closing with this option set sends a reset instead of an orderly end.
        connection.socket.setsockopt(1, 13, struct.pack("ii", 1, 0))
        connection.send(connection.request(wire.FETCH, 4, fetch))
        connection.socket.recv(100)
        connection.socket.close()


def test_a_client_that_sends_and_never_reads_is_bounded(sturdy, topic):
    produce(sturdy, topic, [b"x" * 100_000] * 20)
    fetch = wire.int32(-1) + wire.int32(100) + wire.int32(1) + wire.int32(50 << 20) + wire.int8(0)
    fetch += wire.array([wire.string(topic) + wire.array([wire.int32(0) + wire.int64(0) + wire.int32(50 << 20)])])
    with wire.Connection(sturdy.kafka_port, seconds=2) as connection:
        before = sturdy.resident_kibibytes()
        try:
            for _ in range(5000):
                connection.send(connection.request(wire.FETCH, 4, fetch))
        except (TimeoutError, ConnectionError):
            pass
        assert sturdy.resident_kibibytes() - before < GROWTH_KIBIBYTES_MAX


# MARK: Requests

@pytest.mark.parametrize("key", [-1, 4, 999, 32_767, -32_768])
def test_an_unknown_api_ends_the_connection(sturdy, key):
    with wire.Connection(sturdy.kafka_port) as connection:
        connection.send(connection.request(key, 0, b"\0" * 20))
        assert connection.is_closed_by_node()


@pytest.mark.parametrize("key, version", [
    (wire.METADATA, 99), (wire.METADATA, -1), (wire.FETCH, 0), (wire.PRODUCE, 2), (wire.PRODUCE, 1000)])
def test_an_unknown_version_ends_the_connection(sturdy, key, version):
    with wire.Connection(sturdy.kafka_port) as connection:
        connection.send(connection.request(key, version, b"\0" * 20))
        assert connection.is_closed_by_node()


def test_a_future_version_of_api_versions_is_answered_in_version_0(sturdy):
    """So that newer clients learn what there is (KIP-511)."""
    with wire.Connection(sturdy.kafka_port) as connection:
        answer = connection.ask(wire.API_VERSIONS, 77, b"\x08whatever\x041.0\0", flexible=True)
        assert answer.int16() == UNSUPPORTED_VERSION
        known = {answer.int16(): (answer.int16(), answer.int16()) for _ in range(answer.int32())}
        assert answer.rest == b""
        assert wire.API_VERSIONS in known
        # The connection goes on in a version that both know.
        answer = connection.ask(wire.API_VERSIONS, 0, b"")
        assert answer.int16() == 0
        assert {answer.int16(): (answer.int16(), answer.int16()) for _ in range(answer.int32())}.keys() == known.keys()


def test_exactly_the_promised_apis_are_claimed(sturdy):
    with wire.Connection(sturdy.kafka_port) as connection:
        answer = connection.ask(wire.API_VERSIONS, 0, b"")
        assert answer.int16() == 0
        claimed = set()
        for _ in range(answer.int32()):
            key, oldest, newest = answer.int16(), answer.int16(), answer.int16()
            assert oldest <= newest
            claimed.add(key)
    assert claimed == {
        0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 32, 33, 35, 37,
        42, 43, 44, 45, 46, 47, 48, 49, 55, 57, 60, 61, 64, 65, 66, 71, 72, 74, 75, 80, 81}


@pytest.mark.parametrize("count", [(1 << 31) - 1, 1 << 20, -2])
def test_an_array_that_claims_more_than_it_has_ends_the_connection(sturdy, count):
    with wire.Connection(sturdy.kafka_port) as connection:
        connection.send(connection.request(wire.METADATA, 1, wire.int32(count) + wire.string("a")))
        assert connection.is_closed_by_node()


def test_bytes_behind_a_request_are_ignored(sturdy):
    """librdkafka sends three of them with Metadata, and Kafka does not mind."""
    with wire.Connection(sturdy.kafka_port) as connection:
        answer = connection.ask(wire.API_VERSIONS, 0, b"\1\2\3")
        assert answer.int16() == 0


# MARK: Batches

def refused(node, topic, content, acks=-1):
    """The code of a batch that is refused; nothing of it may be in the log."""
    with wire.Connection(node.kafka_port) as connection:
        code, offset = wire.produce(connection, topic, content, acks=acks)
        assert offset == -1 and code != 0
        end_code, end = wire.produce(connection, topic, wire.batch([wire.record(b"good")]))
        assert (end_code, end) == (0, 1)
        return code


def test_a_good_batch_is_taken(sturdy, topic):
    with wire.Connection(sturdy.kafka_port) as connection:
        assert wire.produce(connection, topic, wire.batch([wire.record(b"x")])) == (0, 1)


GOOD = [wire.record(b"x"), wire.record(b"y", offset_delta=1)]


@pytest.mark.parametrize("content, code", [
    (wire.batch(GOOD, checksum=1), CORRUPT_MESSAGE),
    (wire.batch(GOOD, magic=1), UNSUPPORTED_FOR_MESSAGE_FORMAT),
    (wire.batch(GOOD, magic=3), UNSUPPORTED_FOR_MESSAGE_FORMAT),
    (wire.batch(GOOD, length=10), CORRUPT_MESSAGE),
    (wire.batch(GOOD, length=-1), CORRUPT_MESSAGE),
    (wire.batch(GOOD, length=1 << 30), CORRUPT_MESSAGE),
    (wire.batch(GOOD)[:-3], CORRUPT_MESSAGE),
    (wire.batch(GOOD)[:30], CORRUPT_MESSAGE),
    (wire.batch(GOOD) + b"\0", CORRUPT_MESSAGE),
    (wire.batch(GOOD, count=3), INVALID_RECORD),
    (wire.batch(GOOD, count=1, last_offset_delta=0), INVALID_RECORD),
    (wire.batch(GOOD, count=0), INVALID_RECORD),
    (wire.batch(GOOD, count=-1), INVALID_RECORD),
    (wire.batch(GOOD, count=(1 << 31) - 1), INVALID_RECORD),
    (wire.batch([wire.record(b"x"), wire.record(b"y", offset_delta=7)]), INVALID_RECORD),
    (wire.batch([wire.varint(1 << 30) + b"\0" * 8], count=1), INVALID_RECORD),
    (wire.batch([wire.varint(-5) + b"\0" * 8], count=1), INVALID_RECORD),
    (wire.batch(GOOD, attributes=0x20), INVALID_RECORD),
    (wire.batch(GOOD, attributes=7), UNSUPPORTED_COMPRESSION),
    (wire.batch(GOOD, producer=(5, -1, 0)), INVALID_RECORD),
    (wire.batch(b"not gzip", count=1, codec=1), CORRUPT_MESSAGE),
    (wire.batch(b"not snappy", count=1, codec=2), CORRUPT_MESSAGE),
    (wire.batch(b"not lz4", count=1, codec=3), CORRUPT_MESSAGE),
    (wire.batch(b"not zstd", count=1, codec=4), CORRUPT_MESSAGE),
    (b"", CORRUPT_MESSAGE),
], ids=lambda value: str(value)[:24] if isinstance(value, int) else None)
def test_a_bad_batch_is_refused_with_its_reason(sturdy, topic, content, code):
    assert refused(sturdy, topic, content) == code


def test_control_records_and_transactions_of_clients_are_refused(sturdy, topic):
    assert refused(sturdy, topic, wire.batch(GOOD, attributes=0x20)) == INVALID_RECORD
    with wire.Connection(sturdy.kafka_port) as connection:
        code, _ = wire.produce(connection, topic, wire.batch(GOOD, attributes=0x10, producer=(1, 0, 0)))
        assert code != 0


def test_every_flipped_bit_of_a_batch_is_noticed(sturdy, topic):
    content = wire.batch(GOOD)
    with wire.Connection(sturdy.kafka_port) as connection:
        for position in range(8, len(content)):
            if 12 <= position < 16:
                continue  # the leader epoch belongs to the node: it overwrites it, and the checksum leaves it out
            flipped = bytearray(content)
            flipped[position] ^= 1 << (position % 8)
            code, offset = wire.produce(connection, topic, bytes(flipped))
            assert code != 0 and offset == -1, position


def test_a_batch_above_the_limit_is_refused(sturdy, topic):
    large = wire.batch([wire.record(b"x" * (2 << 20))])
    assert refused(sturdy, topic, large) == MESSAGE_TOO_LARGE


def test_two_batches_for_one_partition_are_both_checked(sturdy, topic):
    with wire.Connection(sturdy.kafka_port) as connection:
        code, _ = wire.produce(connection, topic, wire.batch(GOOD) + wire.batch(GOOD, checksum=7))
        assert code != 0
        assert wire.produce(connection, topic, wire.batch(GOOD)) == (0, 1)


@pytest.mark.parametrize("acks", [2, -2, 127])
def test_other_acks_are_refused(sturdy, topic, acks):
    assert refused(sturdy, topic, wire.batch(GOOD), acks=acks) == INVALID_REQUIRED_ACKS


@pytest.mark.parametrize("name, partition", [("no-such-topic", 0), (None, 1), (None, -1), (None, (1 << 31) - 1), ("", 0),
                                             ("../escape", 0), ("a" * 300, 0), ("nul\0byte", 0)])
def test_an_unknown_partition_is_refused_and_not_created(sturdy, topic, name, partition):
    before = sorted(str(path) for path in sturdy.data.iterdir())
    with wire.Connection(sturdy.kafka_port) as connection:
        code, offset = wire.produce(
            connection, topic if name is None else name, wire.batch(GOOD), partition=partition)
    assert (code, offset) == (UNKNOWN_TOPIC_OR_PARTITION, -1)
    assert sorted(str(path) for path in sturdy.data.iterdir()) == before


def test_clients_do_not_write_to_internal_topics(sturdy):
    with wire.Connection(sturdy.kafka_port) as connection:
        for name in ("__consumer_offsets", "__cluster_metadata"):
            code, offset = wire.produce(connection, name, wire.batch(GOOD))
            assert code != 0 and offset == -1


def test_sequences_of_an_idempotent_producer_are_held(sturdy, topic):
    with wire.Connection(sturdy.kafka_port) as connection:
        answer = connection.ask(22, 0, wire.string(None) + wire.int32(1000))
        answer.int32()
        assert answer.int16() == 0
        producer, epoch = answer.int64(), answer.int16()
        send = lambda sequence: wire.produce(connection, topic, wire.batch(GOOD, producer=(producer, epoch, sequence)))
        assert send(0) == (0, 1)
        assert send(2) == (0, 3)
        assert send(0) == (0, 1), "a retry is told where it was written"
        assert send(2) == (0, 3)
        assert send(6)[0] == OUT_OF_ORDER_SEQUENCE
        assert send(4) == (0, 5)


# MARK: Bombs

def bomb(codec):
    import lz4.frame
    import zstandard

    zeros = wire.record(b"\0" * (200 << 20))
    match codec:
        case 1: return gzip.compress(zeros)
        case 2: return snappy_encode(zeros, xerial_compatible=False)
        case 3: return lz4.frame.compress(zeros)
        case 4: return zstandard.ZstdCompressor().compress(zeros)


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_a_compressed_bomb_is_refused_in_bounded_memory(sturdy, topic, codec):
    content = bomb(codec)
    if len(content) < 900_000:
        code = refused(sturdy, topic, wire.batch(content, count=1, codec=codec))
        assert code in (CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, INVALID_RECORD)
    else:
        # Above the size of a batch: refused before anything is decompressed.
        assert refused(sturdy, topic, wire.batch(content, count=1, codec=codec)) == MESSAGE_TOO_LARGE
    # What the codec was left with does not trouble the next batch on the same shard.
    name = ["gzip", "snappy", "lz4", "zstd"][codec - 1]
    good = [b"good " * 100] * 3
    assert produce(sturdy, topic, good, **{"compression.type": name, "message.timeout.ms": 20_000}) == [2, 3, 4]
