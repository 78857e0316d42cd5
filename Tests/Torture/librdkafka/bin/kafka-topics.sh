#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The suite calls Kafka's kafka-topics.sh for what its own admin client of that time could not do.
exec "${MYELIN_TEST_PYTHON:-python3}" "$(dirname "$0")/kafka_topics.py" "$@"
