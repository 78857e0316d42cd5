# SPDX-License-Identifier: Apache-2.0
"""What the clients of a torture run saw: events, their files, and the value of a record.

One file a client, one line an event: its kind and its fields, separated by tabs. Times are seconds of CLOCK_MONOTONIC,
which all processes of a machine share. A record is known by (producer, key, sequence); sequences of a key rise by one
from 0.
"""

import os
import struct
import time
import zlib
from typing import NamedTuple


class Sent(NamedTuple):
    """Handed to the client library, which sends it soon after."""
    time: float
    producer: int
    key: int
    sequence: int
    partition: int


# The offset of a record that a client's repeat found stored long ago.
UNKNOWN = -1


class Acknowledged(NamedTuple):
    time: float
    producer: int
    key: int
    sequence: int
    partition: int
    offset: int


class Refused(NamedTuple):
    """Given up. `stored` is 0 when the error says that nothing was stored, 1 when nobody knows."""
    time: float
    producer: int
    key: int
    sequence: int
    partition: int
    stored: int
    error: str


class Assigned(NamedTuple):
    """From here `reader` reads `partition`; what it reads begins anywhere and then ascends."""
    time: float
    reader: str
    partition: int


class Read(NamedTuple):
    """`producer` is -1 when the value's own checksum is wrong."""
    time: float
    reader: str
    partition: int
    offset: int
    epoch: int
    producer: int
    key: int
    sequence: int


class Committed(NamedTuple):
    """The group's offset of a partition: acknowledged at `time`, asked for at `started`."""
    started: float
    time: float
    group: str
    partition: int
    offset: int


class Resumed(NamedTuple):
    """The offset that the coordinator names as committed; -1 when there is none."""
    started: float
    time: float
    group: str
    partition: int
    offset: int


class End(NamedTuple):
    """ListOffsets of the latest offset, answered by the leader of `epoch`."""
    started: float
    time: float
    observer: str
    partition: int
    epoch: int
    offset: int


class Stored(NamedTuple):
    """A record of the log as it is read when all is over; `producer` is -1 when a checksum is wrong."""
    partition: int
    offset: int
    epoch: int
    producer_id: int
    producer_epoch: int
    producer: int
    key: int
    sequence: int


class Copied(NamedTuple):
    """A batch in the files of one broker's replica; `digest` covers all of its bytes."""
    broker: int
    partition: int
    offset: int
    last: int
    epoch: int
    digest: int


KINDS = {kind.__name__: kind for kind in (
    Sent, Acknowledged, Refused, Assigned, Read, Committed, Resumed, End, Stored, Copied)}


class Recorder:
    """Appends events to a file; a process that is killed loses at most the last half second."""

    def __init__(self, path):
        self.file = open(path, "a", buffering=1 << 16)
        self.flushed = time.monotonic()

    def note(self, event):
        fields = (repr(field) if isinstance(field, float) else str(field) for field in event)
        self.file.write("\t".join((type(event).__name__, *fields)) + "\n")
        if time.monotonic() - self.flushed > 0.5:
            self.flush()

    def flush(self):
        self.file.flush()
        self.flushed = time.monotonic()

    def close(self):
        self.file.close()


def parse(line):
    name, *fields = line.rstrip("\n").split("\t")
    kind = KINDS[name]
    return kind(*(convert(field) for convert, field in zip(kind.__annotations__.values(), fields, strict=True)))


def load(folder):
    """Every event of a run, file after file; a line that a kill cut off is left out."""
    events = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".tsv"):
            with open(os.path.join(folder, name)) as file:
                events += [parse(line) for line in file if line.endswith("\n")]
    return events


# MARK: Values

IDENTITY = struct.Struct(">IIQ")


def value(producer, key, sequence, size=200):
    """A value of `size` bytes: who it is, bytes that follow from that, and the CRC-32 of all."""
    identity = IDENTITY.pack(producer, key, sequence)
    body = (identity * (size // len(identity) + 1))[:size - 4]
    return body + struct.pack(">I", zlib.crc32(body))


def identity(content):
    """(producer, key, sequence); (-1, -1, -1) when the checksum is wrong."""
    if len(content) < IDENTITY.size + 4 or struct.unpack(">I", content[-4:])[0] != zlib.crc32(content[:-4]):
        return -1, -1, -1
    return IDENTITY.unpack_from(content)
