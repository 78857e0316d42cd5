# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, and one whose synchronize fails: errors that say so, no false acknowledgement, no need to restart."""

import os
import subprocess
import time

import pytest
import wire
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AdminClient
from node import Node
from test_clients import create
from test_durability import read_all
from test_records import produce

KAFKA_STORAGE_ERROR = 56


def command(*words):
    return subprocess.run(list(map(str, words)), capture_output=True, text=True)


@pytest.fixture
def mounts(tmp_path):
    """Mounts file systems and takes them off at the end."""
    mounted = []

    def mount(name, *options):
        place = tmp_path / name
        place.mkdir()
        if os.geteuid() != 0:
            pytest.skip("mounting takes root")
        result = command("mount", *options, place)
        if result.returncode != 0:
            pytest.skip(f"this machine allows no such mount: {result.stderr.strip()}")
        mounted.append(place)
        return place

    yield mount
    for place in reversed(mounted):
        command("umount", "-l", place)


def fill(folder):
    """Takes all space that is left, to the last block."""
    path = folder / "ballast"
    with path.open("wb", buffering=0) as ballast:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    if ballast.write(b"\0" * size) < size:
                        break
            except OSError:
                pass
    return path


def test_a_full_disk_refuses_producers_and_heals_without_a_restart(mounts, topic):
    disk = mounts("disk", "-t", "tmpfs", "-o", "size=96m", "tmpfs")
    data = disk / "data"
    node = Node(data=data, settings={"log.segment.bytes": 1 << 20}).start()
    try:
        create(node, topic)
        create(node, topic + "-idle")
        expected = [(offset, b"%d" % offset) for offset in range(10)]
        assert produce(node, topic, [value for _, value in expected]) == list(range(10))
        ballast = fill(disk)

        # Some space is preallocated; write until it is used up, then all is refused with a code that clients retry.
        stored, refusals = [], []
        deadline = time.monotonic() + 60
        with wire.Connection(node.kafka_port) as connection:
            while len(refusals) < 3:
                assert time.monotonic() < deadline, "a full disk takes everything"
                code, offset = wire.produce(connection, topic, wire.batch([wire.record(b"x" * 200_000)]))
                if code == 0:
                    stored.append((offset, b"x" * 200_000))
                else:
                    refusals.append(code)
            assert set(refusals) == {KAFKA_STORAGE_ERROR}
        assert [offset for offset, _ in stored] == list(range(10, 10 + len(stored)))

        # Reading and looking go on.
        assert read_all(node, topic) == expected + stored
        admin = AdminClient({"bootstrap.servers": node.bootstrap})
        assert topic in admin.list_topics(timeout=20).topics
        node.says("full")

        # A client that retries gets through once there is space.
        told = []
        producer = Producer({
            "bootstrap.servers": node.bootstrap, "enable.idempotence": True, "message.timeout.ms": 60_000,
            "retry.backoff.ms": 100, "retry.backoff.max.ms": 200})
        producer.produce(topic, b"patient", on_delivery=lambda error, message: told.append((error, message.offset())))
        producer.poll(1)
        ballast.unlink()
        assert producer.flush(60) == 0
        assert told == [(None, 10 + len(stored))]
        create(node, topic + "-after")
        assert produce(node, topic + "-after", ["x"]) == [0]
        assert node.process.poll() is None

        node.restart(kill=True)
        assert produce(node, topic, ["last"]) == [11 + len(stored)]
        assert read_all(node, topic) == expected + stored + [
            (10 + len(stored), b"patient"), (11 + len(stored), b"last")]
    finally:
        node.close()


def test_a_failed_synchronize_acknowledges_nothing(mounts, tmp_path, topic):
    """ext4 without a journal in a sparse file on a small tmpfs: writes are taken, and their write-back fails."""
    small = mounts("small", "-t", "tmpfs", "-o", "size=24m", "tmpfs")
    image = small / "image"
    with image.open("wb") as file:
        file.truncate(256 << 20)
    made = command("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", image)
    if made.returncode != 0:
        pytest.skip(f"mkfs.ext4: {made.stderr.strip()}")
    disk = mounts("disk", "-o", "loop", image)
    node = Node(data=disk / "data").start()
    try:
        create(node, topic)
        acknowledged = []
        failed = []
        deadline = time.monotonic() + 120
        with wire.Connection(node.kafka_port, seconds=60) as connection:
            while not failed:
                assert time.monotonic() < deadline, "the disk never failed"
                code, offset = wire.produce(connection, topic, wire.batch([wire.record(os.urandom(500_000))]))
                acknowledged.append(offset) if code == 0 else failed.append(code)
            assert set(failed) == {KAFKA_STORAGE_ERROR}
            # A second synchronize would succeed and prove nothing: the partition stays out of service.
            for _ in range(3):
                assert wire.produce(connection, topic, wire.batch([wire.record(b"x")]))[0] == KAFKA_STORAGE_ERROR
        assert acknowledged == list(range(len(acknowledged)))
        node.says(f"{topic}-0")
        assert node.process.poll() is None
    finally:
        node.close()
