// SPDX-License-Identifier: Apache-2.0
//
// The load: the same prebuilt frames for a real broker and for the bare one, and a report of what they cost.
//
//     load create  port=N topic=NAME partitions=N [config=NAME=VALUE]
//     load produce port=N [connections=N depth=N value=BYTES batch=BYTES acks=1|-1 bytes=N warmup=N pid=N counts=FILE
//                          first=N spread=N]
//     load fetch   port=N [connections=N value=BYTES batch=BYTES fetch=BYTES bytes=N warmup=N pid=N]
//     load pace    port=N [rate=N requests=N warmup=N follow=0|1 value=BYTES batch=BYTES acks=1|-1 pid=N]
//
// produce: each connection keeps `depth` requests in flight to a partition of its own, the next from `first` on, or
// with `spread` to one after the other of so many, which the connections share. fetch: each connection reads partition
// 0 from its beginning, again and again. pace: `rate` requests a second whether or not answers come, each latency
// counted from the moment the request was due; `follow` also reads the partition on a second connection, and then
// latency is from due until read. `warmup` (bytes, in pace requests) goes before what is measured.
//
// Every answer is checked: its correlation id, its error code, and of a fetch its first batch. The report is one line
// of JSON: with `pid` the processor time of that process, with `counts` its allocations (malloc_count.c).
#define _GNU_SOURCE
#include "frames.h"
#include "histogram.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 2048, DEPTH_MAX = 1024, INPUT_BYTES = 64 << 10, FRAMES_PER_SEND = 64, SILENCE_SECONDS = 20 };
// A frame as far as its partition.
enum { HEAD_BYTES_MAX = 256 };

static long port, connection_count = 1, depth = 1, value_bytes = 1024, batch_bytes = 1024, acks = 1, bytes_wanted,
            warmup, pid, rate = 1000, requests, follow, partition_count = 1, fetch_bytes = 1 << 20, spread, first;
static const char *topic = "bench", *config, *counts_path;

struct connection {
    int descriptor;
    int is_blocked;
    struct writer frame;
    // What differs from frame to frame: as far as the correlation id, or as far as the partition.
    size_t head_bytes;
    uint32_t sent, answered;
    // Frames that may be sent and are not, and how much of the first of them is.
    uint32_t queued;
    size_t sent_of_frame;
    // When each request in flight became due, by its correlation id.
    uint64_t due[DEPTH_MAX];
    uint8_t input[INPUT_BYTES];
    size_t input_count;
    // Fetching: where the offset is patched, what is asked for, what is left of the records of an answer.
    int is_fetching;
    size_t offset_position;
    uint64_t offset;
    size_t records_count, unread;
};

static struct connection connections[CONNECTIONS_MAX];
static struct batch batch;
static struct histogram latencies;
static int poller;
static uint64_t issued, issued_max;

// MARK: What is measured

struct sample {
    uint64_t nanoseconds, processor_nanoseconds, allocations, reallocations;
    uint64_t bytes, requests;
};

static struct sample begin, end;
static uint64_t bytes_done, requests_done;
static int is_measuring, is_over;
static clockid_t processor_clock;
static const volatile uint64_t *allocation_counts;

static uint64_t read_clock(clockid_t clock) {
    struct timespec time;
    check(clock_gettime(clock, &time) == 0, "the process whose time is measured is gone");
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t now(void) { return read_clock(CLOCK_MONOTONIC); }

static struct sample sample_now(void) {
    struct sample sample = {.nanoseconds = now(), .bytes = bytes_done, .requests = requests_done};
    if (pid > 0) sample.processor_nanoseconds = read_clock(processor_clock);
    if (allocation_counts != NULL) {
        sample.allocations = allocation_counts[0];
        sample.reallocations = allocation_counts[2];
    }
    return sample;
}

static void open_instruments(void) {
    if (pid > 0) check(clock_getcpuclockid((pid_t)pid, &processor_clock) == 0, "no such process");
    if (counts_path == NULL) return;
    int file = open(counts_path, O_RDONLY);
    check(file >= 0, counts_path);
    allocation_counts = mmap(NULL, 32, PROT_READ, MAP_SHARED, file, 0);
    check(allocation_counts != MAP_FAILED, "mmap");
}

static void progress(uint64_t bytes, uint64_t started, int is_paced) {
    if (is_over) return;
    bytes_done += bytes;
    requests_done += 1;
    if (is_measuring) record(&latencies, now() - started);
    uint64_t done = is_paced ? requests_done : bytes_done;
    uint64_t wanted = (uint64_t)(is_paced ? requests : bytes_wanted);
    if (!is_measuring && done >= (uint64_t)warmup) {
        is_measuring = 1;
        begin = sample_now();
    } else if (done >= (uint64_t)warmup + wanted) {
        is_over = 1;
        end = sample_now();
    }
}

static void report(void) {
    printf("{\"requests\": %lu, \"bytes\": %lu, \"seconds\": %.6f, \"processorSeconds\": %.6f, "
           "\"allocations\": %lu, \"reallocations\": %lu, \"batchBytes\": %zu, \"batchRecords\": %u, "
           "\"latencyMicroseconds\": {\"p50\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, \"max\": %.1f}}\n",
           end.requests - begin.requests, end.bytes - begin.bytes, (double)(end.nanoseconds - begin.nanoseconds) / 1e9,
           (double)(end.processor_nanoseconds - begin.processor_nanoseconds) / 1e9,
           end.allocations - begin.allocations, end.reallocations - begin.reallocations, batch.count,
           batch.record_count, (double)percentile(&latencies, 0.5) / 1e3, (double)percentile(&latencies, 0.99) / 1e3,
           (double)percentile(&latencies, 0.999) / 1e3, (double)latencies.maximum / 1e3);
}

// MARK: Sending

static void wait_for(struct connection *connection, int is_blocked) {
    if (connection->is_blocked == is_blocked) return;
    connection->is_blocked = is_blocked;
    struct epoll_event event = {.events = EPOLLIN | (is_blocked ? EPOLLOUT : 0), .data.ptr = connection};
    check(epoll_ctl(poller, EPOLL_CTL_MOD, connection->descriptor, &event) == 0, "epoll_ctl");
}

static void make_head(const struct connection *connection, uint32_t correlation, uint8_t *head) {
    memcpy(head, connection->frame.bytes, connection->head_bytes);
    put32(head + FRAME_CORRELATION, correlation);
    if (spread == 0 || connection->is_fetching) return;
    uint64_t turn = (uint64_t)correlation * (uint64_t)connection_count + (uint64_t)(connection - connections);
    put32(head + connection->head_bytes - 4, (uint32_t)(turn % (uint64_t)spread));
}

// Sends as many of the queued frames as the socket takes: one copy of the frame, a head of its own for each.
static void push(struct connection *connection) {
    while (connection->queued > 0) {
        uint8_t heads[FRAMES_PER_SEND][HEAD_BYTES_MAX];
        struct iovec pieces[2 * FRAMES_PER_SEND];
        size_t head = connection->head_bytes;
        int frames = connection->queued < FRAMES_PER_SEND ? (int)connection->queued : FRAMES_PER_SEND;
        for (int i = 0; i < frames; i++) {
            make_head(connection, connection->sent + (uint32_t)i, heads[i]);
            pieces[2 * i] = (struct iovec){heads[i], head};
            pieces[2 * i + 1] = (struct iovec){connection->frame.bytes + head, connection->frame.count - head};
        }
        size_t skipped = connection->sent_of_frame, whole = skipped < head ? 0 : 1;
        size_t within = whole ? skipped - head : skipped;
        pieces[whole].iov_base = (uint8_t *)pieces[whole].iov_base + within;
        pieces[whole].iov_len -= within;
        struct msghdr message = {.msg_iov = pieces + whole, .msg_iovlen = (size_t)(2 * frames) - whole};
        ssize_t count = sendmsg(connection->descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        check(count >= 0 || errno == EAGAIN, "send");
        if (count < 0) return wait_for(connection, 1);
        size_t total = connection->sent_of_frame + (size_t)count;
        connection->sent += (uint32_t)(total / connection->frame.count);
        connection->queued -= (uint32_t)(total / connection->frame.count);
        connection->sent_of_frame = total % connection->frame.count;
    }
    wait_for(connection, 0);
}

static void queue(struct connection *connection, uint64_t due) {
    uint32_t correlation = connection->sent + connection->queued;
    check(correlation - connection->answered < DEPTH_MAX, "too many requests are unanswered");
    connection->due[correlation % DEPTH_MAX] = due;
    connection->queued += 1;
    issued += 1;
}

static void queue_fetch(struct connection *connection) {
    put64(connection->frame.bytes + connection->offset_position, connection->offset);
    queue(connection, now());
}

// MARK: Receiving

static uint64_t answered(struct connection *connection, const uint8_t *answer) {
    check(get32(answer + 4) == connection->answered, "an answer came out of order");
    return connection->due[connection->answered++ % DEPTH_MAX];
}

static void refuse(const char *what, uint16_t code) {
    if (code == 0) return;
    fprintf(stderr, "%s: error code %d\n", what, (int16_t)code);
    exit(1);
}

static size_t receive_into(struct connection *connection, void *target, size_t count, int flags) {
    ssize_t received = recv(connection->descriptor, target, count, MSG_DONTWAIT | flags);
    if (received < 0 && errno == EAGAIN) return 0;
    if (received == 0) errno = 0;
    check(received > 0, "the broker hung up");
    return (size_t)received;
}

// `is_paced`: the loop in `pace` decides when the next request is due; else an answer makes room for one.
static void receive_produced(struct connection *connection, int is_paced) {
    size_t size = produce_answer_bytes(topic), done = 0;
    connection->input_count += receive_into(connection, connection->input + connection->input_count,
                                            INPUT_BYTES - connection->input_count, 0);
    for (; connection->input_count - done >= size; done += size) {
        const uint8_t *answer = connection->input + done;
        check(get32(answer) == size - 4, "an answer of another size");
        uint64_t due = answered(connection, answer);
        refuse("produce", get16(answer + produce_answer_error(topic)));
        if (!is_paced && issued < issued_max) queue(connection, now());
        if (!is_paced || !follow) progress(batch.count, due, is_paced);
    }
    connection->input_count -= done;
    memmove(connection->input, connection->input + done, connection->input_count);
    push(connection);
}

static void fetched(struct connection *connection, int is_paced) {
    uint64_t due = answered(connection, connection->input);
    uint64_t batches = connection->records_count / batch.count;
    uint64_t high_watermark = get64(connection->input + fetch_answer_head(topic) - 36);
    if (is_paced) {
        // One record a batch and one batch a request: the offset is the number of the request.
        for (uint64_t i = 0; i < batches; i++) {
            progress(batch.count, connections[0].due[(connection->offset + i) % DEPTH_MAX], 1);
        }
    } else if (batches > 0) {
        progress(batches * batch.count, due, 0);
    }
    connection->offset += batches * batch.record_count;
    if (!is_paced && connection->offset >= high_watermark) connection->offset = 0;
    connection->input_count = 0;
    queue_fetch(connection);
    push(connection);
}

// The head of an answer and of its first batch are read, the rest is discarded where it lies.
static void receive_fetched(struct connection *connection, int is_paced) {
    size_t head = fetch_answer_head(topic);
    if (connection->unread > 0) {
        connection->unread -= receive_into(connection, connection->input + INPUT_BYTES / 2, connection->unread,
                                           MSG_TRUNC);
        if (connection->unread == 0) fetched(connection, is_paced);
        return;
    }
    size_t wanted = connection->input_count < head ? head : head + BATCH_HEADER;
    connection->input_count += receive_into(connection, connection->input + connection->input_count,
                                            wanted - connection->input_count, 0);
    if (connection->input_count < head) return;
    size_t records_count = get32(connection->input + head - 4);
    connection->records_count = records_count;
    if (connection->input_count == head) {
        refuse("fetch", get16(connection->input + head - 38));
        check(get32(connection->input) == head - 4 + records_count, "an answer of another size");
        if (records_count == 0) fetched(connection, is_paced);
        return;
    }
    if (connection->input_count < head + BATCH_HEADER) return;
    const uint8_t *first = connection->input + head;
    int is_wanted = get64(first) == connection->offset && get32(first + BATCH_LENGTH) == batch.count - BATCH_LENGTH - 4
        && get32(first + BATCH_LAST_OFFSET_DELTA) == batch.record_count - 1;
    check(is_wanted, "not the batch that was asked for");
    connection->unread = records_count - BATCH_HEADER;
}

// MARK: Connections

static void open_connection(struct connection *connection) {
    connection->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    check(connect(connection->descriptor, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    int yes = 1;
    setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    check(epoll_ctl(poller, EPOLL_CTL_ADD, connection->descriptor, &event) == 0, "epoll_ctl");
}

static void open_producer(struct connection *connection, uint32_t partition) {
    size_t partition_position;
    connection->frame = produce_frame(topic, partition, (int)acks, batch, &partition_position);
    connection->head_bytes = spread > 0 ? partition_position + 4 : FRAME_HEAD;
    check(connection->head_bytes <= HEAD_BYTES_MAX, "too long a topic");
    open_connection(connection);
}

static void open_consumer(struct connection *connection) {
    connection->is_fetching = 1;
    connection->head_bytes = FRAME_HEAD;
    connection->frame = fetch_frame(topic, 0, (uint32_t)fetch_bytes, &connection->offset_position);
    open_connection(connection);
    queue_fetch(connection);
    push(connection);
}

static void wait_and_serve(const struct timespec *timeout, int is_paced) {
    struct epoll_event events[CONNECTIONS_MAX];
    const struct timespec silence = {.tv_sec = SILENCE_SECONDS};
    int ready = epoll_pwait2(poller, events, CONNECTIONS_MAX, timeout == NULL ? &silence : timeout, NULL);
    check(ready >= 0 || errno == EINTR, "epoll_pwait2");
    errno = 0;
    check(ready != 0 || timeout != NULL, "the broker has been silent for too long");
    for (int i = 0; i < ready; i++) {
        struct connection *connection = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) push(connection);
        if (!(events[i].events & ~(uint32_t)EPOLLOUT)) continue;
        if (connection->is_fetching) receive_fetched(connection, is_paced);
        else receive_produced(connection, is_paced);
    }
}

// MARK: Modes

static void create(void) {
    struct connection *connection = &connections[0];
    connection->head_bytes = FRAME_HEAD;
    connection->frame = create_frame(topic, (uint32_t)partition_count, config);
    open_connection(connection);
    connection->queued = 1;
    push(connection);
    // size, correlation, count, name, code, message: one topic.
    size_t wanted = 4 + 4 + 4 + 2 + strlen(topic) + 2;
    while (connection->input_count < wanted) {
        ssize_t count = recv(connection->descriptor, connection->input + connection->input_count,
                             INPUT_BYTES - connection->input_count, 0);
        check(count > 0, "the broker hung up");
        connection->input_count += (size_t)count;
    }
    refuse("create", get16(connection->input + wanted - 2));
}

static void produce(void) {
    issued_max = (uint64_t)(warmup + bytes_wanted) / batch.count + 1;
    for (long i = 0; i < connection_count; i++) {
        open_producer(&connections[i], (uint32_t)(first + i));
        for (long j = 0; j < depth && issued < issued_max; j++) queue(&connections[i], now());
    }
    for (long i = 0; i < connection_count; i++) push(&connections[i]);
    while (!is_over) wait_and_serve(NULL, 0);
}

static void fetch(void) {
    for (long i = 0; i < connection_count; i++) open_consumer(&connections[i]);
    while (!is_over) wait_and_serve(NULL, 0);
}

static void pace(void) {
    check(!follow || batch.record_count == 1, "to follow, a batch must be one record");
    prctl(PR_SET_TIMERSLACK, 1);
    open_producer(&connections[0], 0);
    if (follow) open_consumer(&connections[1]);
    uint64_t interval = 1000000000u / (uint64_t)rate, due = now() + interval;
    uint64_t unsent = (uint64_t)(warmup + requests);
    while (!is_over) {
        uint64_t time = now();
        for (; due <= time && unsent > 0; due += interval, unsent--) queue(&connections[0], due);
        push(&connections[0]);
        uint64_t left = unsent == 0 ? 0 : due - time;
        struct timespec timeout = {.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
        wait_and_serve(unsent == 0 ? NULL : &timeout, 1);
    }
}

// MARK: Options

static int set_option(const char *option) {
    const struct { const char *name; long *number; const char **text; } options[] = {
        {"port", &port, NULL}, {"connections", &connection_count, NULL}, {"depth", &depth, NULL},
        {"value", &value_bytes, NULL}, {"batch", &batch_bytes, NULL}, {"acks", &acks, NULL},
        {"bytes", &bytes_wanted, NULL}, {"warmup", &warmup, NULL}, {"pid", &pid, NULL}, {"rate", &rate, NULL},
        {"requests", &requests, NULL}, {"follow", &follow, NULL}, {"partitions", &partition_count, NULL},
        {"fetch", &fetch_bytes, NULL}, {"spread", &spread, NULL}, {"first", &first, NULL},
        {"topic", NULL, &topic}, {"config", NULL, &config},
        {"counts", NULL, &counts_path},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        size_t count = strlen(options[i].name);
        if (strncmp(option, options[i].name, count) != 0 || option[count] != '=') continue;
        if (options[i].text != NULL) *options[i].text = option + count + 1;
        else *options[i].number = atol(option + count + 1);
        return 1;
    }
    return 0;
}

int main(int count, char **arguments) {
    const struct { const char *name; void (*run)(void); int reports; } modes[] = {
        {"create", create, 0}, {"produce", produce, 1}, {"fetch", fetch, 1}, {"pace", pace, 1},
    };
    for (int i = 2; i < count; i++) {
        if (!set_option(arguments[i])) { fprintf(stderr, "no option %s\n", arguments[i]); return 2; }
    }
    check(connection_count <= CONNECTIONS_MAX && depth < DEPTH_MAX, "too many connections or requests in flight");
    batch = make_batch((size_t)value_bytes, (size_t)batch_bytes, (uint64_t)time(NULL) * 1000);
    poller = epoll_create1(EPOLL_CLOEXEC);
    open_instruments();
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (count < 2 || strcmp(arguments[1], modes[i].name) != 0) continue;
        modes[i].run();
        if (modes[i].reports) report();
        return 0;
    }
    fprintf(stderr, "usage: %s create|produce|fetch|pace NAME=VALUE...\n", arguments[0]);
    return 2;
}
