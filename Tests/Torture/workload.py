# SPDX-License-Identifier: Apache-2.0
"""The clients of a torture run, each a process that notes what it saw until it gets SIGTERM.

    workload.py produce NUMBER       an idempotent producer with acks=all, in order per key
    workload.py read                 one consumer of all partitions, by assignment
    workload.py group NAME MEMBER    a member of a group that commits what it was given
    workload.py observe              asks the leaders for the ends of their partitions

All take --bootstrap, --topic, --partitions and --log; stop means: finish what is under way, then exit with 0.
"""

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "EndToEnd"))

import cluster_wire  # noqa: E402
from confluent_kafka import (  # noqa: E402
    OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition)
from history import (  # noqa: E402
    Acknowledged, Assigned, Committed, End, Read, Recorder, Refused, Resumed, Sent, UNKNOWN, identity, value)

FLUSH_SECONDS = 90
# A client must try again soon, or its own back-off is what a run measures.
COMMON = {
    "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 500, "retry.backoff.ms": 20, "retry.backoff.max.ms": 200,
    "socket.connection.setup.timeout.ms": 2000, "topic.metadata.refresh.interval.ms": 2000, "log_level": 2}
# Errors that a client makes before anything leaves it, or with which a broker promises that it stored nothing.
NOT_STORED = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.INVALID_MSG,
              KafkaError._PURGE_QUEUE}


def produce(options, stopping, recorder):
    """Keys go round, each to its own partition; what the queue does not take now is sent later, never left out."""
    number = int(options.arguments[0])
    producer = Producer({
        **COMMON, "bootstrap.servers": options.bootstrap, "client.id": f"producer-{number}", "acks": "all",
        "enable.idempotence": True, "linger.ms": 2, "message.timeout.ms": 300_000, "request.timeout.ms": 5000,
        "compression.type": "gzip" if number % 2 else "none", "queue.buffering.max.messages": 20_000})

    def told(error, message):
        place = (*identity(message.value()), message.partition())
        if error is None:
            offset = UNKNOWN if message.offset() is None else message.offset()
            recorder.note(Acknowledged(time.monotonic(), *place, offset))
        else:
            recorder.note(Refused(time.monotonic(), *place, int(error.code() not in NOT_STORED), error.str()))

    keys, count = options.partitions * 2, 0
    began = time.monotonic()
    while not stopping.is_set():
        producer.poll(0)
        due = int((time.monotonic() - began) * options.rate)
        if count >= due:
            producer.poll(0.002)
            continue
        key, sequence = count % keys, count // keys
        try:
            event = Sent(time.monotonic(), number, key, sequence, key % options.partitions)
            producer.produce(
                options.topic, value(number, key, sequence, options.size), str(key), key % options.partitions,
                on_delivery=told)
        except BufferError:
            producer.poll(0.05)
            continue
        recorder.note(event)
        count += 1
    return producer.flush(FLUSH_SECONDS) == 0


def note_read(recorder, reader, message):
    epoch = message.leader_epoch()
    recorder.note(Read(
        time.monotonic(), reader, message.partition(), message.offset(), -1 if epoch is None else epoch,
        *identity(message.value())))


def consumer(options, **settings):
    return Consumer({
        **COMMON, "bootstrap.servers": options.bootstrap, "auto.offset.reset": "error", "enable.auto.commit": False,
        "fetch.wait.max.ms": 100, "fetch.error.backoff.ms": 50, "enable.partition.eof": False,
        "session.timeout.ms": 10_000, "heartbeat.interval.ms": 1000, **settings})


def read(options, stopping, recorder):
    reader = consumer(options, **{"group.id": "reader-without-commits"})
    reader.assign([
        TopicPartition(options.topic, partition, OFFSET_BEGINNING) for partition in range(options.partitions)])
    for partition in range(options.partitions):
        recorder.note(Assigned(time.monotonic(), "reader", partition))
    quiet = 0
    while not stopping.is_set() or quiet < 20:
        message = reader.poll(0.1)
        quiet = 0 if message is not None and message.error() is None else quiet + 1
        if message is not None and message.error() is None:
            note_read(recorder, "reader", message)
        elif message is not None and message.error().code() == KafkaError._AUTO_OFFSET_RESET:
            raise SystemExit(f"the reader's position is gone: {message.error()}")
    reader.close()
    return True


def group(options, stopping, recorder):
    """Commits every half second what it was given; a partition starts where the group has committed."""
    name, number = options.arguments
    reader = f"{name}/{number}"
    debug = {"debug": options.debug, "log_level": 7} if options.debug else {}
    member = consumer(options, **{"group.id": name, "client.id": reader, **debug})
    given = {}

    def assigned(consumer, partitions):
        for place in partitions:
            given.pop(place.partition, None)
        started, known = time.monotonic(), None
        while known is None and not stopping.is_set():
            try:
                known = consumer.committed(partitions, timeout=5)
            except KafkaException:
                started = time.monotonic()
        for place in known or []:
            recorder.note(Assigned(time.monotonic(), reader, place.partition))
            recorder.note(Resumed(started, time.monotonic(), name, place.partition, max(place.offset, -1)))
            place.offset = place.offset if place.offset >= 0 else OFFSET_BEGINNING
        consumer.assign(known or partitions)

    def commit():
        offsets = [TopicPartition(options.topic, partition, offset) for partition, offset in sorted(given.items())]
        if not offsets:
            return
        started = time.monotonic()
        try:
            done = member.commit(offsets=offsets, asynchronous=False)
        except KafkaException:
            return
        for place in done:
            if place.error is None:
                recorder.note(Committed(started, time.monotonic(), name, place.partition, place.offset))
                given.pop(place.partition, None)

    def revoked(_, partitions):
        commit()
        for place in partitions:
            given.pop(place.partition, None)

    def lost(_, partitions):
        for place in partitions:
            given.pop(place.partition, None)

    member.subscribe([options.topic], on_assign=assigned, on_revoke=revoked, on_lost=lost)
    due, quiet = time.monotonic() + 0.5, 0
    while not stopping.is_set() or quiet < 20:
        message = member.poll(0.1)
        quiet = 0 if message is not None and message.error() is None else quiet + 1
        if message is not None and message.error() is None:
            note_read(recorder, reader, message)
            given[message.partition()] = message.offset() + 1
        elif message is not None and message.error().code() == KafkaError._AUTO_OFFSET_RESET:
            raise SystemExit(f"a position of {reader} is gone: {message.error()}")
        if time.monotonic() >= due:
            commit()
            due = time.monotonic() + 0.5
    commit()
    member.close()
    return True


class Observer:
    """Asks each leader under the epoch it knows, so that it is known which epoch answers; epochs only rise."""

    def __init__(self, options, recorder):
        self.options, self.recorder = options, recorder
        self.connections, self.leaders = {}, {}

    def connection(self, address):
        if address not in self.connections:
            self.connections[address] = cluster_wire.connect(address, seconds=2)
        return self.connections[address]

    def ask(self, address, question):
        """The answer of one node; None when it has none for us."""
        try:
            return question(self.connection(address))
        except (OSError, AssertionError):
            held = self.connections.pop(address, None)
            if held is not None:
                held.socket.close()
            return None

    def refresh(self, address):
        found = self.ask(address, lambda connection: cluster_wire.metadata(connection, [self.options.topic]))
        if found is None:
            return
        for index, partition in found.topics[self.options.topic][1].items():
            known = self.leaders.get(index)
            if partition.leader in found.brokers and (known is None or partition.epoch >= known[0]):
                host, port, _ = found.brokers[partition.leader]
                self.leaders[index] = (partition.epoch, f"{host}:{port}")

    def observe(self):
        """One question to each leader; True when every partition was answered for."""
        by_leader = {}
        for index, (epoch, address) in self.leaders.items():
            by_leader.setdefault(address, {})[index] = epoch
        answered = 0
        for address, partitions in by_leader.items():
            started = time.monotonic()
            found = self.ask(
                address, lambda connection: cluster_wire.list_offsets(connection, self.options.topic, partitions))
            for index, (error, offset) in (found or {}).items():
                if error == 0:
                    answered += 1
                    self.recorder.note(End(started, time.monotonic(), "observer", index, partitions[index], offset))
        return answered == self.options.partitions


def observe(options, stopping, recorder):
    observer = Observer(options, recorder)
    addresses = options.bootstrap.split(",")
    turn = 0
    while not stopping.is_set():
        if not observer.observe() or turn % 20 == 0:
            observer.refresh(addresses[turn % len(addresses)])
        turn += 1
        time.sleep(0.05)
    return True


ROLES = {"produce": produce, "read": read, "group": group, "observe": observe}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--rate", type=int, default=400, help="records a second")
    parser.add_argument("--size", type=int, default=200, help="bytes of a value")
    parser.add_argument("--debug", default="", help="what librdkafka tells of a group's members, such as cgrp,protocol")
    options = parser.parse_args()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A client must not outlive the run that started it, also when that is killed.
    parent = os.getppid()
    threading.Thread(target=leave_with, args=(parent,), daemon=True).start()
    recorder = Recorder(options.log)
    try:
        good = ROLES[options.role](options, stopping, recorder)
    finally:
        recorder.close()
    return 0 if good else 3


def leave_with(parent):
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(4)


if __name__ == "__main__":
    sys.exit(main())
