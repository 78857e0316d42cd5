// SPDX-License-Identifier: Apache-2.0
// An idempotent producer with acks=all that people could have written: librdkafka, round-robin over the partitions of a topic.
//
//     producer BOOTSTRAP TOPIC PARTITIONS RECORD_BYTES RATE SECONDS
//
// With a RATE it sends each record when it is due, whether or not answers come, and linger.ms=0; waiting counts from then.
// With RATE 0 it sends as fast as its queue of 64 MiB takes records, in batches. Prints one line of JSON: records and bytes
// acknowledged, seconds from the first send to the last acknowledgement, percentiles and maximum of the wait in ms without
// the first fifth of the time (connections, producer id), the longest time in ms without an acknowledgement of any
// partition and of the worst one, and records given up.
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../Baselines/histogram.h"

enum { NANOSECONDS = 1000000000, DRAIN_MILLISECONDS = 120000 };

struct load {
    struct histogram waits;
    uint64_t acknowledged, failed, last, gap_of_all, gap_of_worst, warm;
    uint64_t *last_of;
};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

static void widen(uint64_t *gap, uint64_t *last, uint64_t time) {
    if (*last != 0 && time - *last > *gap) *gap = time - *last;
    *last = time;
}

/// The opaque of a record is the time at which it was due.
static void acknowledge(rd_kafka_t *client, const rd_kafka_message_t *message, void *context) {
    (void)client;
    struct load *load = context;
    if (message->err) {
        load->failed += 1;
        return;
    }
    uint64_t time = now();
    load->acknowledged += 1;
    if ((uint64_t)message->_private >= load->warm) record(&load->waits, time - (uint64_t)message->_private);
    widen(&load->gap_of_all, &load->last, time);
    widen(&load->gap_of_worst, &load->last_of[message->partition], time);
}

static void set(rd_kafka_conf_t *settings, const char *key, const char *value) {
    char error[256];
    if (rd_kafka_conf_set(settings, key, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
}

static rd_kafka_t *connect_to(const char *bootstrap, uint64_t rate, struct load *load) {
    rd_kafka_conf_t *settings = rd_kafka_conf_new();
    set(settings, "bootstrap.servers", bootstrap);
    set(settings, "acks", "all");
    set(settings, "enable.idempotence", "true");
    set(settings, "linger.ms", rate ? "0" : "5");
    set(settings, "queue.buffering.max.kbytes", "65536");
    set(settings, "queue.buffering.max.messages", "1000000");
    set(settings, "message.timeout.ms", "120000");
    set(settings, "retry.backoff.ms", "20");
    set(settings, "reconnect.backoff.ms", "20");
    set(settings, "reconnect.backoff.max.ms", "200");
    set(settings, "topic.metadata.refresh.fast.interval.ms", "50");
    set(settings, "socket.connection.setup.timeout.ms", "2000");
    set(settings, "log_level", "2");
    rd_kafka_conf_set_dr_msg_cb(settings, acknowledge);
    rd_kafka_conf_set_opaque(settings, load);
    char error[256];
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, settings, error, sizeof error);
    if (client == NULL) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
    return client;
}

static void report(const struct load *load, double seconds, uint64_t size) {
    printf("{\"records\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %.3f, \"p50\": %.3f, \"p99\": %.3f, "
           "\"p999\": %.3f, \"max\": %.1f, \"gapOfAll\": %.1f, \"gapOfWorst\": %.1f, \"failed\": %" PRIu64 "}\n",
           load->acknowledged, load->acknowledged * size, seconds, (double)percentile(&load->waits, 0.5) / 1e6,
           (double)percentile(&load->waits, 0.99) / 1e6, (double)percentile(&load->waits, 0.999) / 1e6,
           (double)load->waits.maximum / 1e6, (double)load->gap_of_all / 1e6, (double)load->gap_of_worst / 1e6,
           load->failed);
}

int main(int count, char **arguments) {
    if (count != 7) {
        fprintf(stderr, "producer BOOTSTRAP TOPIC PARTITIONS RECORD_BYTES RATE SECONDS\n");
        return 2;
    }
    uint64_t partitions = strtoull(arguments[3], NULL, 10), size = strtoull(arguments[4], NULL, 10);
    uint64_t rate = strtoull(arguments[5], NULL, 10), seconds = strtoull(arguments[6], NULL, 10);
    struct load *load = calloc(1, sizeof *load);
    char *value = malloc(size);
    load->last_of = calloc(partitions, sizeof *load->last_of);
    for (uint64_t place = 0; place < size; place++) value[place] = (char)('a' + (place * 2654435761u >> 7) % 26);
    rd_kafka_t *client = connect_to(arguments[1], rate, load);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, arguments[2], NULL);

    uint64_t began = now(), end = began + seconds * NANOSECONDS;
    load->warm = began + (end - began) / 5;
    for (uint64_t sent = 0; now() < end;) {
        uint64_t due = rate ? began + sent * NANOSECONDS / rate : now();
        if (due > now()) {
            rd_kafka_poll(client, due - now() > 1000000 ? 1 : 0);
            continue;
        }
        if (rd_kafka_produce(topic, (int32_t)(sent % partitions), RD_KAFKA_MSG_F_COPY, value, size, NULL, 0,
                             (void *)due) == 0) {
            sent += 1;
            if (sent % 64 == 0 || rate) rd_kafka_poll(client, 0);
        } else if (rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(client, 5);
        } else {
            fprintf(stderr, "%s\n", rd_kafka_err2str(rd_kafka_last_error()));
            return 1;
        }
    }
    rd_kafka_flush(client, DRAIN_MILLISECONDS);
    report(load, (double)(load->last - began) / NANOSECONDS, size);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
    return load->acknowledged > 0 && load->failed == 0 ? 0 : 1;
}
