# SPDX-License-Identifier: Apache-2.0
"""What a client of several brokers asks each of them, in bytes: who leads, what the end is, what lies in the log."""

import gzip
import struct
from typing import NamedTuple

import wire

FIND_COORDINATOR, OFFSET_FETCH = 10, 9
NONE, OFFSET_OUT_OF_RANGE, NOT_LEADER, NOT_ENOUGH_REPLICAS, NOT_ENOUGH_AFTER_APPEND = 0, 1, 6, 19, 20
FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, OFFSET_NOT_AVAILABLE = 74, 75, 78
LATEST = -1


class Partition(NamedTuple):
    error: int
    leader: int
    epoch: int
    replicas: list
    isr: list


class Metadata(NamedTuple):
    """`brokers`: id → (host, port, rack); `topics`: name → (error, partition → Partition)."""
    brokers: dict
    cluster_id: str
    controller: int
    topics: dict


class Fetched(NamedTuple):
    error: int
    high_watermark: int
    log_start: int
    preferred_replica: int
    content: bytes


class Batch(NamedTuple):
    """One record batch; `records` are (offset, key, value), none of them for a control batch."""
    offset: int
    last: int
    epoch: int
    producer_id: int
    producer_epoch: int
    sound: bool
    records: list
    raw: bytes


def connect(address, seconds=5):
    """`address` is host:port."""
    host, _, port = address.rpartition(":")
    return wire.Connection(int(port), seconds, host)


def many(answer, one):
    return [one() for _ in range(answer.int32())]


def metadata(connection, topics):
    """Metadata version 7, without creating anything; `topics` of None asks for all."""
    body = wire.int32(-1) if topics is None else wire.array([wire.string(topic) for topic in topics])
    answer = connection.ask(wire.METADATA, 7, body + wire.int8(0))
    answer.int32()
    brokers = {}
    for _ in range(answer.int32()):
        node, host, port, rack = answer.int32(), answer.string(), answer.int32(), answer.string()
        brokers[node] = (host, port, rack)
    cluster_id, controller, found = answer.string(), answer.int32(), {}
    for _ in range(answer.int32()):
        error, name, _ = answer.int16(), answer.string(), answer.take(1)
        partitions = {}
        for _ in range(answer.int32()):
            partition_error, index, leader, epoch = answer.int16(), answer.int32(), answer.int32(), answer.int32()
            replicas, isr, _ = (many(answer, answer.int32) for _ in range(3))
            partitions[index] = Partition(partition_error, leader, epoch, replicas, isr)
        found[name] = (error, partitions)
    return Metadata(brokers, cluster_id, controller, found)


def list_offsets(connection, topic, partitions, timestamp=LATEST):
    """ListOffsets version 4 of {partition: leader epoch the client knows, or -1}; partition → (error, offset)."""
    asked = [wire.int32(index) + wire.int32(epoch) + wire.int64(timestamp) for index, epoch in partitions.items()]
    answer = connection.ask(
        wire.LIST_OFFSETS, 4, wire.int32(-1) + wire.int8(0) + wire.array([wire.string(topic) + wire.array(asked)]))
    answer.int32()
    found = {}
    for _ in range(answer.int32()):
        answer.string()
        for _ in range(answer.int32()):
            index, error, _, offset, _ = (
                answer.int32(), answer.int16(), answer.int64(), answer.int64(), answer.int32())
            found[index] = (error, offset)
    return found


def fetch(connection, topic, partition, offset, epoch=-1, rack="", wait=0, size=1 << 20):
    """Fetch version 11 of one partition, without a session."""
    asked = (wire.int32(partition) + wire.int32(epoch) + wire.int64(offset) + wire.int64(-1) + wire.int32(size))
    answer = connection.ask(
        wire.FETCH, 11, wire.int32(-1) + wire.int32(wait) + wire.int32(1) + wire.int32(size) + wire.int8(0)
        + wire.int32(0) + wire.int32(-1) + wire.array([wire.string(topic) + wire.array([asked])]) + wire.array([])
        + wire.string(rack))
    answer.int32()
    error, _ = answer.int16(), answer.int32()
    assert error == 0, f"Fetch answers {error}"
    assert (answer.int32(), answer.string(), answer.int32(), answer.int32()) == (1, topic, 1, partition)
    error, high_watermark, _, log_start = answer.int16(), answer.int64(), answer.int64(), answer.int64()
    for _ in range(max(answer.int32(), 0)):
        answer.take(16)
    preferred = answer.int32()
    count = answer.int32()
    return Fetched(error, high_watermark, log_start, preferred, answer.take(max(count, 0)))


class Hints(NamedTuple):
    """What a refusal says of the leader (KIP-951); `endpoints`: id → (host, port, rack)."""
    error: int
    leader: int
    epoch: int
    endpoints: dict


def tags(answer):
    """The tagged fields of one structure: number → Answer."""
    return {answer.unsigned_varint(): wire.Answer(answer.take(answer.unsigned_varint()))
            for _ in range(answer.unsigned_varint())}


def hints(error, leader, rest):
    """`leader` and `rest`: the tagged fields of the partition's current leader and of the node endpoints."""
    at = (leader.int32(), leader.int32()) if leader else (-1, -1)
    endpoints = {}
    for _ in range(rest.compact_count() if rest else 0):
        node, host, port = rest.int32(), rest.compact_string(), rest.int32()
        endpoints[node] = (host, port, rest.compact_string())
        assert tags(rest) == {}
    return Hints(error, *at, endpoints)


def produce_hints(connection, topic, content):
    """Produce version 10 to partition 0, and what is said of its leader."""
    partition = wire.int32(0) + wire.compact_bytes(content) + b"\0"
    body = (wire.compact_string(None) + wire.int16(-1) + wire.int32(10_000) + wire.compact_array(
        [wire.compact_string(topic) + wire.compact_array([partition]) + b"\0"]) + b"\0")
    answer = connection.ask(wire.PRODUCE, 10, body, flexible=True)
    assert (answer.compact_count(), answer.compact_string(), answer.compact_count(), answer.int32()) == (1, topic, 1, 0)
    error = answer.int16()
    answer.take(24)
    assert (answer.compact_count(), answer.compact_string()) == (0, None)
    leader = tags(answer).get(0)
    assert tags(answer) == {} and answer.int32() == 0
    return hints(error, leader, tags(answer).get(0))


def fetch_hints(connection, topic_id, epoch):
    """Fetch version 16 of partition 0, and what is said of its leader."""
    partition = (wire.int32(0) + wire.int32(epoch) + wire.int64(0) + wire.int32(-1) + wire.int64(-1)
                 + wire.int32(1 << 20) + b"\0")
    body = (wire.int32(0) + wire.int32(1) + wire.int32(1 << 20) + wire.int8(0) + wire.int32(0) + wire.int32(-1)
            + wire.compact_array([topic_id + wire.compact_array([partition]) + b"\0"]) + wire.compact_array([])
            + wire.compact_string("") + b"\0")
    answer = connection.ask(wire.FETCH, 16, body, flexible=True)
    assert (answer.int32(), answer.int16(), answer.int32(), answer.compact_count()) == (0, 0, 0, 1)
    assert answer.take(16) == topic_id and (answer.compact_count(), answer.int32()) == (1, 0)
    error = answer.int16()
    answer.take(24)
    answer.compact_count(), answer.int32()
    answer.take(max(answer.compact_count(), 0))
    leader = tags(answer).get(1)
    assert tags(answer) == {}
    return hints(error, leader, tags(answer).get(0))


# MARK: Record batches

HEADER = struct.Struct(">qiibIhiqqqhii")
CODECS = {0: lambda content: content, 1: gzip.decompress}
CONTROL = 0x20


def batches(content):
    """The whole batches at the front of `content`; a cut one at the end is left out, and so are preallocated zeros."""
    import crc32c

    place = 0
    while len(content) - place >= HEADER.size:
        base, length, epoch, magic, checksum, attributes, delta, _, _, producer, producer_epoch, _, count = (
            HEADER.unpack_from(content, place))
        end = place + 12 + length
        if length == 0 or len(content) < end:
            return
        raw, place = content[place:end], end
        sound = magic == 2 and crc32c.crc32c(raw[21:]) == checksum
        records = [] if not sound or attributes & CONTROL else list(
            records_of(CODECS[attributes & 7](raw[HEADER.size:]), base, count))
        yield Batch(base, base + delta, epoch, producer, producer_epoch, sound, records, raw)


def records_of(content, base, count):
    place = 0

    def varint():
        nonlocal place
        value = shift = 0
        while True:
            byte = content[place]
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
            shift += 7

    def field():
        nonlocal place
        length = varint()
        if length < 0:
            return None
        place += length
        return content[place - length:place]

    for _ in range(count):
        end = varint() + place
        place += 1
        varint()
        offset = base + varint()
        yield offset, field(), field()
        place = end
