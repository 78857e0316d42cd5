# SPDX-License-Identifier: Apache-2.0
"""Just enough of the Kafka protocol to say things that no client would."""

import socket
import struct

PRODUCE, FETCH, LIST_OFFSETS, METADATA, API_VERSIONS = 0, 1, 2, 3, 18


def int8(value):
    return struct.pack(">b", value)


def int16(value):
    return struct.pack(">h", value)


def int32(value):
    return struct.pack(">i", value)


def int64(value):
    return struct.pack(">q", value)


def string(text):
    return int16(-1) if text is None else int16(len(text.encode())) + text.encode()


def byte_string(content):
    return int32(-1) if content is None else int32(len(content)) + content


def array(items):
    return int32(len(items)) + b"".join(items)


def unsigned_varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def varint(value):
    return unsigned_varint((value << 1) ^ (value >> 63))


def compact_string(text):
    return unsigned_varint(0) if text is None else unsigned_varint(len(text.encode()) + 1) + text.encode()


def compact_bytes(content):
    return unsigned_varint(len(content) + 1) + content


def compact_array(items):
    return unsigned_varint(len(items) + 1) + b"".join(items)


class Answer:
    """Reads a response from its front."""

    def __init__(self, content):
        self.rest = content

    def take(self, count):
        assert len(self.rest) >= count, f"{len(self.rest)} bytes left, {count} wanted"
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def int8(self):
        return int.from_bytes(self.take(1), "big", signed=True)

    def int16(self):
        return struct.unpack(">h", self.take(2))[0]

    def int32(self):
        return struct.unpack(">i", self.take(4))[0]

    def int64(self):
        return struct.unpack(">q", self.take(8))[0]

    def string(self):
        count = self.int16()
        return None if count < 0 else self.take(count).decode()

    def unsigned_varint(self):
        value, shift = 0, 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def compact_count(self):
        return self.unsigned_varint() - 1

    def compact_string(self):
        count = self.compact_count()
        return None if count < 0 else self.take(count).decode()


class Connection:
    """A socket that speaks in frames, or in whatever bytes it is given."""

    def __init__(self, port, seconds=20, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=seconds)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, content):
        self.socket.sendall(content)

    def request(self, key, version, body, flexible=False):
        """The bytes of a request, its length in front."""
        self.correlation += 1
        content = int16(key) + int16(version) + int32(self.correlation) + string("raw") + (b"\0" if flexible else b"")
        return byte_string(content + body)

    def ask(self, key, version, body, flexible=False):
        self.send(self.request(key, version, body, flexible))
        answer = self.receive()
        assert answer is not None, "the node closed the connection"
        assert answer.int32() == self.correlation
        if flexible and key != API_VERSIONS:
            assert answer.take(1) == b"\0"
        return answer

    def receive(self):
        """The next frame without its length; nil when the node has closed the connection."""
        header = self._exactly(4)
        return None if header is None else Answer(self._exactly(struct.unpack(">i", header)[0]))

    def _exactly(self, count):
        content = b""
        while len(content) < count:
            try:
                part = self.socket.recv(min(count - len(content), 1 << 20))
            except ConnectionError:
                part = b""
            if not part:
                return None
            content += part
        return content

    def is_closed_by_node(self):
        """Waits until the node has closed the connection; false when it answers instead."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True


def record(value, key=None, offset_delta=0):
    body = int8(0) + varint(0) + varint(offset_delta)
    body += varint(-1) if key is None else varint(len(key)) + key
    body += varint(-1) if value is None else varint(len(value)) + value
    body += varint(0)
    return varint(len(body)) + body


def batch(
    records, count=None, codec=0, checksum=None, magic=2, base_offset=0, producer=(-1, -1, -1), length=None,
    last_offset_delta=None, attributes=None, timestamp=1_700_000_000_000,
):
    """A record batch, each field as it should be unless it is given."""
    import crc32c

    if isinstance(records, list):
        count = len(records) if count is None else count
        records = b"".join(records)
    producer_id, epoch, sequence = producer
    last = count - 1 if last_offset_delta is None else last_offset_delta
    checked = (
        int16(codec if attributes is None else attributes) + int32(last) + int64(timestamp) + int64(timestamp)
        + int64(producer_id) + int16(epoch) + int32(sequence) + int32(count) + records)
    checksum = crc32c.crc32c(checked) if checksum is None else checksum
    rest = int32(0) + int8(magic) + struct.pack(">I", checksum) + checked
    return int64(base_offset) + int32(len(rest) if length is None else length) + rest


def produce_body(topic, content, partition=0, acks=-1, version=3):
    """The body of Produce, version 3 to 8."""
    return (
        string(None) + int16(acks) + int32(10_000)
        + array([string(topic) + array([int32(partition) + byte_string(content)])]))


def produce(connection, topic, content, partition=0, acks=-1):
    """Sends one batch as version 3; the error code and the base offset."""
    answer = connection.ask(PRODUCE, 3, produce_body(topic, content, partition, acks))
    assert answer.int32() == 1 and answer.string() == topic and answer.int32() == 1 and answer.int32() == partition
    return answer.int16(), answer.int64()
