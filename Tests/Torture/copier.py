#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads one topic, and writes each record to another, exactly once: the process that `exactly-once` kills.

Records and the offsets they were read to are one transaction. Some transactions write what must never be read, and abort.
"""

import argparse
import os
import random
import signal
import sys
import threading
import uuid

from confluent_kafka import Consumer, KafkaException, Producer

from workload import leave_with

TRANSACTION_MILLISECONDS = 10_000
BATCH_MAX = 50
SECONDS = 60
NEVER = b"never to be read "


class Copier:
    """One life of the job: from its first transaction to an error that only a new producer gets over."""

    def __init__(self, options, chance):
        self.options, self.chance = options, chance
        self.producer = Producer({
            "bootstrap.servers": options.bootstrap, "transactional.id": options.id, "retry.backoff.ms": 50,
            "transaction.timeout.ms": TRANSACTION_MILLISECONDS, "reconnect.backoff.max.ms": 500, "log_level": 3})
        self.consumer = Consumer({
            "bootstrap.servers": options.bootstrap, "group.id": options.group, "isolation.level": "read_committed",
            "enable.auto.commit": False, "auto.offset.reset": "earliest", "session.timeout.ms": 6000,
            "reconnect.backoff.max.ms": 500, "log_level": 3})

    def run(self, stopping):
        self.repeat(lambda: self.producer.init_transactions(SECONDS))
        self.consumer.subscribe([self.options.input])
        while not stopping.is_set():
            messages = [one for one in self.consumer.consume(BATCH_MAX, 0.5) if one.error() is None]
            if messages:
                self.copy(messages)

    def copy(self, messages):
        try:
            self.producer.begin_transaction()
            if self.chance.random() < 0.1:
                self.write(messages, NEVER + uuid.uuid4().bytes)
                self.producer.flush(SECONDS)
                return self.abort()
            self.write(messages)
            positions = [one for one in self.consumer.position(self.consumer.assignment()) if one.offset >= 0]
            self.repeat(lambda: self.producer.send_offsets_to_transaction(
                positions, self.consumer.consumer_group_metadata(), SECONDS))
            self.repeat(lambda: self.producer.commit_transaction(SECONDS))
        except KafkaException as failure:
            if not failure.args[0].txn_requires_abort():
                raise
            print(f"aborts: {failure}", flush=True)
            self.abort()

    def write(self, messages, value=None):
        for message in messages:
            self.producer.produce(self.options.output, value or message.value(), partition=message.partition())

    def abort(self):
        """Nothing was read: what was is read again."""
        self.repeat(lambda: self.producer.abort_transaction(SECONDS))
        for position in self.consumer.committed(self.consumer.assignment(), SECONDS):
            # Without a committed offset from the beginning, as the first time.
            position.offset = max(position.offset, 0)
            self.consumer.seek(position)

    @staticmethod
    def repeat(step):
        while True:
            try:
                return step()
            except KafkaException as failure:
                if not failure.args[0].retriable():
                    raise

    def close(self):
        self.consumer.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "input", "output", "group", "id"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=leave_with, args=(os.getppid(),), daemon=True).start()
    chance = random.Random(options.seed)
    while not stopping.is_set():
        copier = Copier(options, chance)
        try:
            copier.run(stopping)
        except KafkaException as failure:
            print(f"begins anew: {failure}", flush=True)
        finally:
            copier.close()


if __name__ == "__main__":
    sys.exit(main())
