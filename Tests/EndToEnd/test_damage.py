# SPDX-License-Identifier: Apache-2.0
"""Files that a crash cut short, and files that rotted: what was whole is there, what was not is said, nothing is invented."""

import shutil

import pytest
import wire
from node import Node
from test_clients import create
from test_durability import read_all
from test_records import produce

KAFKA_STORAGE_ERROR = 56
COUNT = 40


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The data folder of a killed node, where each record of one partition is a batch of its own, and their ends."""
    folder = tmp_path_factory.mktemp("killed")
    node = Node(data=folder).start()
    create(node, "log")
    with wire.Connection(node.kafka_port) as connection:
        for number in range(COUNT):
            batch = wire.batch([wire.record(b"record %d " % number + b"." * (number * 3))])
            assert wire.produce(connection, "log", batch) == (0, number)
    node.kill()
    content = (folder / "log-0" / "00000000000000000000.log").read_bytes()
    ends, position = [], 0
    while content[position + 16] == 2:
        position += 12 + int.from_bytes(content[position + 8:position + 12], "big")
        ends.append(position)
    assert len(ends) == COUNT
    return folder, ends


def values(count):
    return [(number, b"record %d " % number + b"." * (number * 3)) for number in range(count)]


def restarted(killed, tmp_path, damage):
    """A node on a copy of the folder after `damage` was done to its log."""
    folder = tmp_path / "copy"
    shutil.copytree(killed[0], folder)
    path = folder / "log-0" / "00000000000000000000.log"
    content = bytearray(path.read_bytes())
    content = damage(content)
    path.write_bytes(content)
    return Node(data=folder).start()


def cuts(ends):
    """Places in the last two batches: their borders, inside the header, around the checksum, inside the records."""
    start = ends[-3]
    size = ends[-1] - start
    return [start + size * step // 23 for step in range(23)] + [ends[-2] + 8, ends[-2] + 12, ends[-2] + 17, ends[-1] - 4]


@pytest.mark.parametrize("sample", range(27))
@pytest.mark.parametrize("how", ["cut", "zeros", "garbage"])
def test_a_damaged_tail(killed, tmp_path, sample, how):
    ends = killed[1]
    cut = cuts(ends)[sample]

    def damage(content):
        if how == "cut":
            return content[:cut]
        tail = ends[-1] - cut
        return content[:cut] + (b"\0" * tail if how == "zeros" else b"\xa5" * tail) + content[ends[-1]:]

    whole = sum(end <= cut for end in ends)
    node = restarted(killed, tmp_path, damage)
    try:
        with wire.Connection(node.kafka_port) as connection:
            assert wire.produce(connection, "log", wire.batch([wire.record(b"next")])) == (0, whole)
        assert read_all(node, "log") == values(whole) + [(whole, b"next")]
    finally:
        node.close()


def fetch(connection, topic, offset):
    """Error code and records of one fetch."""
    body = wire.int32(-1) + wire.int32(10_000) + wire.int32(1) + wire.int32(1 << 20) + wire.int8(0)
    body += wire.array([wire.string(topic) + wire.array([wire.int32(0) + wire.int64(offset) + wire.int32(1 << 20)])])
    answer = connection.ask(wire.FETCH, 4, body)
    answer.int32()
    assert (answer.int32(), answer.string(), answer.int32(), answer.int32()) == (1, topic, 1, 0)
    code = answer.int16()
    answer.int64(), answer.int64()
    assert answer.int32() <= 0
    count = answer.int32()
    return code, answer.take(max(0, count))


def test_a_flipped_bit_inside_a_log_is_not_passed_off_as_whole_and_not_cut(own_node, topic):
    node = own_node(settings={"log.segment.bytes": 1 << 20})
    create(node, topic, **{"segment.bytes": str(1 << 20)})
    with wire.Connection(node.kafka_port) as connection:
        for number in range(200):
            batch = wire.batch([wire.record(b"%d " % number + b"x" * 10_000)])
            assert wire.produce(connection, topic, batch) == (0, number)
    assert node.stop() == 0
    folder = node.data / f"{topic}-0"
    logs = sorted(folder.glob("*.log"))
    assert len(logs) >= 2, "the damage belongs into a closed segment"
    content = bytearray(logs[0].read_bytes())
    place = content.index(b"50 xxx") + 500
    content[place] ^= 0x40
    logs[0].write_bytes(content)

    node.start()
    assert sorted(folder.glob("*.log"))[: len(logs)] == logs
    assert logs[0].read_bytes()[: len(content)] == bytes(content), "the segment was changed"
    with wire.Connection(node.kafka_port) as connection:
        # What lies before the damage and behind it is served; what is damaged is not passed off as whole.
        code, records = fetch(connection, topic, 0)
        assert code == 0 and b"0 xxx" in records
        code, records = fetch(connection, topic, 199)
        assert code == 0 and b"199 xxx" in records
        assert wire.produce(connection, topic, wire.batch([wire.record(b"next")])) == (0, 200)
        # The header is whole; the checksum over the records is not.
        code, records = fetch(connection, topic, 50)
        assert (code, records) == (KAFKA_STORAGE_ERROR, b"")
        for offset in (49, 51):
            code, records = fetch(connection, topic, offset)
            assert code == 0 and b"%d xxx" % offset in records
    node.says(f"{topic}-0: offsets 50..<51 are damaged")


def test_a_rotten_batch_header_inside_a_log_is_reported_and_refused_and_not_cut(own_node, topic):
    node = own_node()
    create(node, topic, **{"segment.bytes": str(1 << 20)})
    with wire.Connection(node.kafka_port) as connection:
        for number in range(200):
            batch = wire.batch([wire.record(b"%d " % number + b"x" * 10_000)])
            assert wire.produce(connection, topic, batch) == (0, number)
    node.kill()
    log = sorted((node.data / f"{topic}-0").glob("*.log"))[0]
    content = bytearray(log.read_bytes())
    size = 12 + int.from_bytes(content[8:12], "big")
    # The length of the second batch: from here on nothing can be walked.
    content[size + 8:size + 12] = b"\x7f\xff\xff\xff"
    log.write_bytes(content)
    node.start()
    with wire.Connection(node.kafka_port) as connection:
        code, records = fetch(connection, topic, 0)
        assert code == 0 and records == content[:size], "what lies before the damage is served, and no more"
        code, records = fetch(connection, topic, 1)
        assert code == KAFKA_STORAGE_ERROR, (code, len(records))
        code, records = fetch(connection, topic, 199)
        assert code == 0 and b"199 xxx" in records
    assert log.read_bytes()[: len(content)] == bytes(content), "the segment was changed"
    node.says(f"{topic}-0: offsets 1..<2 are damaged")


@pytest.mark.parametrize("name", ["*.index", "*.timeindex", "checkpoint", "leader-epoch-checkpoint", "*.snapshot"])
@pytest.mark.parametrize("how", ["missing", "empty", "garbage"])
def test_files_made_from_the_log_are_made_again(killed, tmp_path, name, how):
    folder = tmp_path / "copy"
    shutil.copytree(killed[0], folder)
    for path in (folder / "log-0").glob(name):
        match how:
            case "missing": path.unlink()
            case "empty": path.write_bytes(b"")
            case "garbage": path.write_bytes(b"\xa5" * max(64, path.stat().st_size))
    node = Node(data=folder).start()
    try:
        assert produce(node, "log", ["next"]) == [COUNT]
        assert read_all(node, "log") == values(COUNT) + [(COUNT, b"next")]
    finally:
        node.close()
