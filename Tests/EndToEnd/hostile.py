# SPDX-License-Identifier: Apache-2.0
"""Clients that mean harm or know no better, each a process of its own: `hostile.py ATTACK PORT TOPIC`.

An attack ends by itself, with status 0 when the node did what it should to those who made it.
"""

import gzip
import os
import random
import socket
import struct
import sys
import threading
import time

import wire

PRODUCE, METADATA, OFFSET_COMMIT, FIND_COORDINATOR, JOIN_GROUP = 0, 3, 8, 10, 11
API_VERSIONS, INIT_PRODUCER_ID = 18, 22
HUGE = (1 << 31) - 1
DRIPPING, HALF_OPEN, IDLE, PARTITIONS = 500, 2_000, 5_000, 20
# Distinct names of each kind, or as many as there is time for on a machine that does other things.
FLOOD, FLOOD_SECONDS = int(os.environ.get("MYELIN_HOSTILE_FLOOD", "100000")), 40
SECONDS = 15


def is_closed(one):
    """Whether the node has ended a connection, which does not block from now on; what it sends is thrown away."""
    one.setblocking(False)
    try:
        return one.recv(1 << 16) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


# MARK: Many connections

def crowd(port, _):
    """Clients that are idle, that never say anything, and that send a byte a second: only the idle ones may stay."""
    idle = []
    while len(idle) < IDLE:
        opened = [wire.Connection(port, seconds=60) for _ in range(100)]
        for one in opened:
            one.send(one.request(API_VERSIONS, 0, b""))
        assert all(one.receive() is not None for one in opened)
        idle += opened
    silent = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(HALF_OPEN)]
    dripping = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(DRIPPING)]
    for one in dripping:
        one.sendall(wire.int32(64 << 10))
    print("open", flush=True)
    left, end = [(one, False) for one in silent] + [(one, True) for one in dripping], time.monotonic() + 120
    while left:
        assert time.monotonic() < end, f"{len(left)} connections are still open"
        time.sleep(1)
        for one, drips in left:
            if drips:
                try:
                    one.send(b"\0")
                except OSError:
                    pass
        left = [(one, drips) for one, drips in left if not is_closed(one)]
    assert not any(is_closed(one.socket) for one in idle)
    for one in idle[::100]:
        one.socket.settimeout(60)
        assert one.ask(API_VERSIONS, 0, b"").int16() == 0


# MARK: Bytes that are not requests

def sizes(port, _):
    """Frames of no size, of less than none, and of more than there can be."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for size in (0, -1, 1, 7, -HUGE - 1, HUGE):
            with wire.Connection(port) as connection:
                connection.send(wire.int32(size))
                assert connection.is_closed_by_node(), size


def nested_counts(port, _):
    """Counts of 2^31 at each depth."""
    end, huge = time.monotonic() + SECONDS, wire.int32(HUGE)
    produce = wire.string(None) + wire.int16(-1) + wire.int32(1_000)
    bodies = [
        (METADATA, 3, huge), (PRODUCE, 3, produce + huge),
        (PRODUCE, 3, produce + wire.int32(1) + wire.string("t") + huge),
        (PRODUCE, 3, produce + wire.int32(1) + wire.string("t") + wire.int32(1) + wire.int32(0) + huge),
        (1, 4, wire.int32(-1) * 3 + wire.int32(1) + wire.int8(0) + huge),
        (JOIN_GROUP, 4, wire.string("g") + wire.int32(6_000) * 2 + wire.string("") + wire.string("consumer") + huge),
        (METADATA, 9, b"\xff\xff\xff\xff\x0f"), (49, 1, b"\xff\xff\xff\xff\x0f"),
    ]
    while time.monotonic() < end:
        for key, version, body in bodies:
            with wire.Connection(port) as connection:
                connection.send(connection.request(key, version, body, flexible=version == 9 or key == 49))
                assert connection.is_closed_by_node(), (key, version)


def fuzz(port, _):
    """Requests of every kind whose bytes were changed; whatever comes back, nobody waits for it."""
    chance, end = random.Random(5), time.monotonic() + SECONDS
    while time.monotonic() < end:
        with wire.Connection(port) as connection:
            try:
                for _ in range(20):
                    body = chance.randbytes(chance.randrange(0, 200))
                    frame = bytearray(connection.request(chance.randrange(0, 82), chance.randrange(0, 14), body))
                    for _ in range(chance.randrange(0, 4)):
                        frame[chance.randrange(4, len(frame))] = chance.randrange(256)
                    connection.send(bytes(frame))
            except ConnectionError:
                pass


def bombs(port, topic):
    """Small batches that expand a thousand times, in every codec; snappy cannot do worse than twenty times."""
    from kafka.codec import lz4_encode, snappy_encode

    zeros = b"\0" * (64 << 20)
    # zstd by hand: blocks of 128 KiB of one repeated byte, each four bytes long; a gigabyte.
    block = struct.pack("<I", 1 << 1 | (128 << 10) << 3)[:3] + b"\0"
    last = struct.pack("<I", 1 | 1 << 1 | (128 << 10) << 3)[:3] + b"\0"
    zstd = b"\x28\xb5\x2f\xfd\x00\x38" + block * 8_191 + last
    contents = {1: gzip.compress(zeros), 2: snappy_encode(zeros[:20 << 20]), 3: lz4_encode(zeros), 4: zstd}
    batches = [wire.batch(content, count=1, codec=codec) for codec, content in contents.items()]
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for content in batches:
            with wire.Connection(port) as connection:
                code, _ = wire.produce(connection, topic, content)
                assert code in (2, 87), code


# MARK: More names than anybody needs

def flood(port, requests):
    """Sends requests, each with a number of names, one behind the other and as fast as their answers come; says how many."""
    with wire.Connection(port, seconds=60) as connection:
        waiting = threading.Semaphore(200)
        counts = {"sent": 0, "answered": 0}

        def receive():
            while connection.receive() is not None:
                counts["answered"] += 1
                waiting.release()
        receiver = threading.Thread(target=receive, daemon=True)
        receiver.start()
        names, end = 0, time.monotonic() + FLOOD_SECONDS
        for count, request in requests(connection):
            if time.monotonic() > end:
                break
            assert waiting.acquire(timeout=60), "no answer for a minute"
            connection.send(request)
            counts["sent"] += 1
            names += count
        end = time.monotonic() + 60
        while counts["answered"] < counts["sent"]:
            assert receiver.is_alive() and time.monotonic() < end, counts
            time.sleep(0.05)
    print(names, flush=True)


def topics(port, _):
    def requests(connection):
        for start in range(0, FLOOD, 100):
            names = [wire.string(f"no-such-topic-{number}") for number in range(start, start + 100)]
            yield len(names), connection.request(METADATA, 4, wire.array(names) + wire.int8(0))
    flood(port, requests)


def groups(port, topic):
    """Every other name joins and is never heard of again, the others commit an offset."""
    def requests(connection):
        protocols = wire.array([wire.string("range") + wire.byte_string(b"\0" * 8)])
        committed = wire.array([wire.string(topic) + wire.array([wire.int32(0) + wire.int64(0) + wire.string("")])])
        for number in range(0, FLOOD, 2):
            yield 1, connection.request(
                JOIN_GROUP, 4, wire.string(f"joins-{number}") + wire.int32(6_000) * 2 + wire.string("")
                + wire.string("consumer") + protocols)
            yield 1, connection.request(
                OFFSET_COMMIT, 2, wire.string(f"commits-{number}") + wire.int32(-1) + wire.string("") + wire.int64(-1)
                + committed)
    flood(port, requests)


def clients(port, _):
    """Client ids, for each of which a default quota makes a rate."""
    def requests(_):
        for number in range(FLOOD):
            head = wire.int16(API_VERSIONS) + wire.int16(0) + wire.int32(number)
            yield 1, wire.byte_string(head + wire.string(f"client-{number}"))
    flood(port, requests)


def producers(port, topic):
    """Producer ids that are handed out, and others that write a record to each partition."""
    def requests(connection):
        for start in range(0, FLOOD, PARTITIONS):
            for _ in range(PARTITIONS):
                yield 1, connection.request(INIT_PRODUCER_ID, 0, wire.string(None) + wire.int32(1_000))
            batches = [wire.batch([wire.record(b"x")], producer=(1 << 40 | start + n, 0, 0)) for n in range(PARTITIONS)]
            partitions = [wire.int32(n) + wire.byte_string(batches[n]) for n in range(PARTITIONS)]
            yield 0, connection.request(
                PRODUCE, 3, wire.string(None) + wire.int16(1) + wire.int32(10_000)
                + wire.array([wire.string(topic) + wire.array(partitions)]))
    flood(port, requests)


ATTACKS = [crowd, sizes, nested_counts, fuzz, bombs, topics, groups, clients, producers]

if __name__ == "__main__":
    # Whoever behaves goes first.
    os.nice(10)
    attack = {one.__name__: one for one in ATTACKS}[sys.argv[1]]
    attack(int(sys.argv[2]), sys.argv[3])
