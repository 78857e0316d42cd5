# SPDX-License-Identifier: Apache-2.0
"""The three things that librdkafka's tests ask of kafka-topics.sh: create, alter the number of partitions, delete."""

import argparse
import time

from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

parser = argparse.ArgumentParser()
parser.add_argument("--bootstrap-server", required=True)
parser.add_argument("--topic", required=True)
parser.add_argument("--partitions", type=int, default=1)
parser.add_argument("--replication-factor", type=int, default=1)
parser.add_argument("--config", action="append", default=[])
action = parser.add_mutually_exclusive_group(required=True)
for name in ("create", "alter", "delete"):
    action.add_argument(f"--{name}", action="store_true")
options = parser.parse_args()

admin = AdminClient({"bootstrap.servers": options.bootstrap_server})
if options.create:
    config = dict(entry.split("=", 1) for entry in options.config)
    asked = admin.create_topics([
        NewTopic(options.topic, options.partitions, options.replication_factor, config=config)])
elif options.alter:
    asked = admin.create_partitions([NewPartitions(options.topic, options.partitions)])
else:
    asked = admin.delete_topics([options.topic])
for future in asked.values():
    future.result(30)
# Kafka's tool returns when a client can use what it made; the test does so at once.
while options.create and options.topic not in admin.list_topics(timeout=20).topics:
    time.sleep(0.05)
