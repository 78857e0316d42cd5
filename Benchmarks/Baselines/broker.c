// SPDX-License-Identifier: Apache-2.0
//
// The limit: what a produce and a fetch cost when nothing is left but the work itself. One thread, one epoll. A produce
// is read, checksummed, given its offset and written to a preallocated file, all batches of one read with one pwritev;
// a fetch is a header and a sendfile. Frames and answers are those of a real broker. What makes a broker is left out:
// nothing is indexed, validated beyond the checksum, refused or recovered, and every batch of a log has the same size.
//
//     bare-broker PORT DIR PARTITIONS BYTES [sync]
//
// BYTES are preallocated for each partition. With `sync` a round of reads is made durable by one fdatasync a log before
// anything of it is answered. Prints `ready`. Readers see written bytes, so with `sync` durable ones.
#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

// One read brings at most this much, so that it is checksummed and written while it is still in the cache.
enum { READ_BYTES = 256 << 10 };
// Connections lie by their descriptors, which come after those of the partitions.
enum { CONNECTIONS_MAX = 1 << 14, EVENTS_MAX = 64, ANSWERS_BYTES = 1 << 20 };

struct partition {
    int descriptor;
    int dirty;
    uint64_t byte_count;
    uint64_t next_offset;
    uint64_t batch_bytes;
    uint64_t batch_records;
};

struct connection {
    int descriptor;
    int is_blocked;
    uint8_t *input;
    size_t input_count, input_capacity;
    uint8_t *output;
    size_t output_start, output_count;
    // What is left to send of a fetched file range, after `output`.
    int file;
    off_t file_position;
    size_t file_count;
    // A fetch at the end of the log waits here, without a deadline: the load generator always produces more.
    uint8_t *parked;
    size_t parked_count;
};

static struct partition *partitions;
static uint32_t partition_count;
static uint64_t capacity;
static int synchronizes;
static int poller;
static struct connection *connections[CONNECTIONS_MAX];
static int parked_count;

// The batches of the round's current read, not yet written: neighbours in one partition.
static struct {
    struct partition *partition;
    struct iovec pieces[IOV_MAX];
    int piece_count;
    uint64_t byte_count;
} staged;

static void write_staged(void) {
    if (staged.piece_count == 0) return;
    struct partition *partition = staged.partition;
    check(partition->byte_count + staged.byte_count <= capacity, "the preallocated file is full");
    ssize_t written = pwritev(partition->descriptor, staged.pieces, staged.piece_count, (off_t)partition->byte_count);
    check(written == (ssize_t)staged.byte_count, "pwritev");
    partition->byte_count += staged.byte_count;
    partition->dirty = 1;
    staged.piece_count = 0;
    staged.byte_count = 0;
}

static void stage(struct partition *partition, uint8_t *batch, size_t count) {
    if (staged.partition != partition || staged.piece_count == IOV_MAX) write_staged();
    uint32_t records = get32(batch + BATCH_LAST_OFFSET_DELTA) + 1;
    put64(batch, partition->next_offset);
    partition->next_offset += records;
    partition->batch_bytes = count;
    partition->batch_records = records;
    staged.partition = partition;
    staged.pieces[staged.piece_count++] = (struct iovec){.iov_base = batch, .iov_len = count};
    staged.byte_count += count;
}

static struct writer answer(struct connection *connection, uint32_t size, const uint8_t *correlation) {
    check(connection->output_count + 4 + size <= ANSWERS_BYTES, "too many answers wait");
    struct writer to = {.bytes = connection->output, .count = connection->output_count};
    add32(&to, size);
    add_bytes(&to, correlation, 4);
    return to;
}

// transactionalId (null), acks, timeout, [topic, [partition, records]]: one topic, one partition.
static void produce(struct connection *connection, const uint8_t *correlation, uint8_t *body) {
    const uint8_t *topic = body + 2 + 2 + 4 + 4;
    uint16_t topic_count = get16(topic);
    const uint8_t *fields = topic + 2 + topic_count + 4;
    uint32_t index = get32(fields), batch_count = get32(fields + 4);
    uint8_t *batch = (uint8_t *)fields + 8;
    check(index < partition_count, "unknown partition");
    uint32_t checksum = crc32c(batch + BATCH_CHECKED, batch_count - BATCH_CHECKED);
    check(checksum == get32(batch + BATCH_CHECKSUM), "wrong checksum");

    uint64_t base_offset = partitions[index].next_offset;
    stage(&partitions[index], batch, batch_count);
    struct writer to = answer(connection, 4 + 4 + 2 + topic_count + 4 + 4 + 2 + 8 + 8 + 8 + 4, correlation);
    add32(&to, 1);
    add_bytes(&to, topic, 2 + topic_count);
    add32(&to, 1);
    add32(&to, index);
    add16(&to, 0);
    add64(&to, base_offset);
    add64(&to, (uint64_t)-1);
    add64(&to, 0);
    add32(&to, 0);
    connection->output_count = to.count;
}

// replica, wait, minimum, maximum, isolation, session, epoch, [topic, [partition, epoch, offset, start, maximum]]
// Returns false at the end of the log: the request has to wait.
static int fetch(struct connection *connection, const uint8_t *correlation, const uint8_t *body) {
    const uint8_t *topic = body + 4 + 4 + 4 + 4 + 1 + 4 + 4 + 4;
    uint16_t topic_count = get16(topic);
    const uint8_t *fields = topic + 2 + topic_count + 4;
    uint32_t index = get32(fields);
    check(index < partition_count, "unknown partition");
    struct partition *partition = &partitions[index];
    uint64_t offset = get64(fields + 8), maximum = get32(fields + 24);
    if (offset >= partition->next_offset) return 0;

    uint64_t position = offset / partition->batch_records * partition->batch_bytes;
    uint64_t count = partition->byte_count - position;
    if (count > maximum) count = maximum / partition->batch_bytes * partition->batch_bytes;
    if (count == 0) count = partition->batch_bytes;
    uint32_t head = 4 + 4 + 2 + 4 + 4 + 2 + topic_count + 4 + 4 + 2 + 8 + 8 + 8 + 4 + 4 + 4;
    struct writer to = answer(connection, head + (uint32_t)count, correlation);
    add32(&to, 0);
    add16(&to, 0);
    add32(&to, 0);
    add32(&to, 1);
    add_bytes(&to, topic, 2 + topic_count);
    add32(&to, 1);
    add32(&to, index);
    add16(&to, 0);
    add64(&to, partition->next_offset);
    add64(&to, partition->next_offset);
    add64(&to, 0);
    add32(&to, (uint32_t)-1);
    add32(&to, (uint32_t)-1);
    add32(&to, (uint32_t)count);
    connection->output_count = to.count;
    connection->file = partition->descriptor;
    connection->file_position = (off_t)position;
    connection->file_count = count;
    return 1;
}

// Claims nothing; it is how one sees that a broker is up.
static void api_versions(struct connection *connection, const uint8_t *correlation) {
    struct writer to = answer(connection, 4 + 2 + 4, correlation);
    add16(&to, 0);
    add32(&to, 0);
    connection->output_count = to.count;
}

// key, version, correlation, client id, then what the API says.
static void serve(struct connection *connection, uint8_t *frame, size_t count) {
    uint8_t *body = frame + 10 + get16(frame + 8);
    uint32_t kind = get32(frame);
    if (kind == (API_PRODUCE << 16 | VERSION_PRODUCE)) return produce(connection, frame + 4, body);
    if (kind == (API_API_VERSIONS << 16 | VERSION_API_VERSIONS)) return api_versions(connection, frame + 4);
    check(kind == (API_FETCH << 16 | VERSION_FETCH), "neither Produce 7 nor Fetch 11 nor ApiVersions 0");
    if (fetch(connection, frame + 4, body)) return;
    connection->parked = realloc(connection->parked, count);
    memcpy(connection->parked, frame, count);
    connection->parked_count = count;
    parked_count += 1;
}

static void serve_parked(struct connection *connection) {
    uint8_t *frame = connection->parked;
    if (connection->parked_count == 0 || !fetch(connection, frame + 4, frame + 10 + get16(frame + 8))) return;
    connection->parked_count = 0;
    parked_count -= 1;
}

static void hang_up(struct connection *connection) {
    if (connection->parked_count > 0) parked_count -= 1;
    connections[connection->descriptor] = NULL;
    close(connection->descriptor);
    free(connection->input);
    free(connection->output);
    free(connection->parked);
    free(connection);
}

// How much the next read may bring: of a large frame exactly its rest, so that nothing behind it has to be moved.
static size_t room(struct connection *connection) {
    size_t frame = connection->input_count < 4 ? 0 : 4 + (size_t)get32(connection->input);
    if (frame > READ_BYTES) {
        if (frame > connection->input_capacity) {
            connection->input = realloc(connection->input, frame);
            check(connection->input != NULL, "no memory for a frame");
            connection->input_capacity = frame;
        }
        return frame - connection->input_count;
    }
    return READ_BYTES - connection->input_count;
}

// Reads once and serves every whole frame. Returns false when the peer is gone.
static int receive(struct connection *connection) {
    ssize_t count = recv(connection->descriptor, connection->input + connection->input_count, room(connection), 0);
    if (count < 0 && errno == EAGAIN) return 1;
    if (count <= 0) return 0;
    connection->input_count += (size_t)count;
    size_t done = 0;
    while (connection->input_count - done >= 4) {
        size_t size = get32(connection->input + done);
        if (connection->input_count - done < 4 + size) break;
        serve(connection, connection->input + done + 4, size);
        done += 4 + size;
    }
    write_staged();
    connection->input_count -= done;
    memmove(connection->input, connection->input + done, connection->input_count);
    return 1;
}

static void wait_for(struct connection *connection, int is_blocked) {
    if (connection->is_blocked == is_blocked) return;
    connection->is_blocked = is_blocked;
    struct epoll_event event = {.events = is_blocked ? EPOLLOUT : EPOLLIN, .data.fd = connection->descriptor};
    check(epoll_ctl(poller, EPOLL_CTL_MOD, connection->descriptor, &event) == 0, "epoll_ctl");
}

// Sends what is ready. Returns false when the peer is gone.
static int transmit(struct connection *connection) {
    size_t count = connection->output_count - connection->output_start;
    if (count > 0) {
        int more = connection->file_count > 0 ? MSG_MORE : 0;
        ssize_t sent = send(connection->descriptor, connection->output + connection->output_start, count,
                            MSG_NOSIGNAL | more);
        if (sent < 0 && errno != EAGAIN) return 0;
        if (sent > 0) connection->output_start += (size_t)sent;
        if (sent < (ssize_t)count) { wait_for(connection, 1); return 1; }
        connection->output_start = connection->output_count = 0;
    }
    while (connection->file_count > 0) {
        ssize_t sent = sendfile(connection->descriptor, connection->file, &connection->file_position,
                                connection->file_count);
        if (sent < 0 && errno != EAGAIN) return 0;
        if (sent < 0) { wait_for(connection, 1); return 1; }
        connection->file_count -= (size_t)sent;
    }
    wait_for(connection, 0);
    return 1;
}

static void accept_one(int listener) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    check(descriptor >= 0 && descriptor < CONNECTIONS_MAX, "accept");
    int yes = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct connection *connection = calloc(1, sizeof *connection);
    connection->descriptor = descriptor;
    connection->input = malloc(READ_BYTES);
    connection->input_capacity = READ_BYTES;
    connection->output = malloc(ANSWERS_BYTES);
    connections[descriptor] = connection;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    check(epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) == 0, "epoll_ctl");
}

static void synchronize(void) {
    if (!synchronizes) return;
    for (uint32_t index = 0; index < partition_count; index++) {
        if (partitions[index].dirty) check(fdatasync(partitions[index].descriptor) == 0, "fdatasync");
        partitions[index].dirty = 0;
    }
}

static void open_partitions(const char *directory) {
    partitions = calloc(partition_count, sizeof *partitions);
    for (uint32_t index = 0; index < partition_count; index++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%u.log", directory, index);
        partitions[index].descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        check(partitions[index].descriptor >= 0, path);
        if (capacity > 0) check(fallocate(partitions[index].descriptor, 0, 0, (off_t)capacity) == 0, "fallocate");
    }
}

static int listen_on(uint16_t port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    check(bind(listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    check(listen(listener, 4096) == 0, "listen");
    return listener;
}

// One round: read from everyone who has something, make it durable once, answer everyone.
static void round_of(struct epoll_event *events, int count, int listener) {
    for (int i = 0; i < count; i++) {
        int descriptor = events[i].data.fd;
        if (descriptor == listener) accept_one(listener);
        else if (events[i].events & ~EPOLLOUT && !receive(connections[descriptor])) hang_up(connections[descriptor]);
    }
    synchronize();
    for (int i = 0; i < count; i++) {
        struct connection *connection = connections[events[i].data.fd];
        if (connection != NULL && !transmit(connection)) hang_up(connection);
    }
    for (int descriptor = 0; parked_count > 0 && descriptor < CONNECTIONS_MAX; descriptor++) {
        struct connection *connection = connections[descriptor];
        if (connection == NULL || connection->parked_count == 0) continue;
        serve_parked(connection);
        if (!transmit(connection)) hang_up(connection);
    }
}

int main(int count, char **arguments) {
    if (count < 5) { fprintf(stderr, "usage: %s PORT DIR PARTITIONS BYTES [sync]\n", arguments[0]); return 2; }
    partition_count = (uint32_t)atoi(arguments[3]);
    capacity = strtoull(arguments[4], NULL, 10);
    synchronizes = count > 5 && strcmp(arguments[5], "sync") == 0;
    open_partitions(arguments[2]);
    int listener = listen_on((uint16_t)atoi(arguments[1]));
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS_MAX];
    check(epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) == 0, "epoll_ctl");
    puts("ready");
    fflush(stdout);
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS_MAX, -1);
        check(ready >= 0 || errno == EINTR, "epoll_wait");
        round_of(events, ready, listener);
    }
}
