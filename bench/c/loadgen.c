// Closed-loop echo load over TCP: each connection sends DEPTH messages in one write, waits until all of them have come
// back, and sends the next. The first answer on every connection is compared byte by byte; later ones by length only,
// so that the load stays cheaper than the server it measures.
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char usage[] =
    "usage: loadgen [options] HOST PORT CONNECTIONS SIZE SECONDS\n"
    "  --depth N       messages in flight per connection (default 1)\n"
    "  --warmup S      seconds of load before the measurement (default 0)\n"
    "  --frame KIND    none (default), or int32: each message is an int32 little-endian length and SIZE bytes\n"
    "  --pid N         the server's process: also report its CPU time per message\n";

enum { READ_SIZE = 1 << 20, EVENTS = 512 };

struct connection {
    int socket;
    bool checked;      // its first answer was the right one
    bool waits_to_send;
    size_t unsent;     // bytes of the batch the socket has not taken yet
    size_t received;   // bytes of the batch that have come back
    uint64_t sent_at;  // when the batch was started, ns
};

struct load {
    int epoll;
    int connection_count;
    struct connection *connections;
    int depth;
    size_t message_size;  // on the wire
    size_t batch_size;    // message_size * depth
    char *batch;
    char *read_buffer;
    bool measuring;
    struct histogram latency;
};

static void fill_batch(struct load *load, size_t payload, bool framed)
{
    load->message_size = payload + (framed ? 4 : 0);
    load->batch_size = load->message_size * (size_t)load->depth;
    load->batch = malloc(load->batch_size);
    load->read_buffer = malloc(READ_SIZE);
    if (load->batch == NULL || load->read_buffer == NULL)
        die("malloc");

    for (size_t i = 0; i < load->batch_size; i++)
        load->batch[i] = (char)('a' + i % 23);
    for (int i = 0; framed && i < load->depth; i++) {
        unsigned char *prefix = (unsigned char *)load->batch + (size_t)i * load->message_size;
        for (int byte = 0; byte < 4; byte++)
            prefix[byte] = (unsigned char)(payload >> (8 * byte));
    }
}

static void watch(struct load *load, struct connection *connection, int operation)
{
    struct epoll_event event = {
        .events = connection->waits_to_send ? EPOLLIN | EPOLLOUT : EPOLLIN,
        .data.ptr = connection,
    };
    if (epoll_ctl(load->epoll, operation, connection->socket, &event) < 0)
        die("epoll_ctl");
}

static void open_connections(struct load *load, const struct sockaddr_in *address)
{
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->connections = calloc((size_t)load->connection_count, sizeof *load->connections);
    if (load->epoll < 0 || load->connections == NULL)
        die("set up");

    for (int i = 0; i < load->connection_count; i++) {
        struct connection *connection = &load->connections[i];
        int on = 1;
        connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connection->socket < 0 ||
            connect(connection->socket, (const struct sockaddr *)address, sizeof *address) < 0)
            die("connect");
        setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(load, connection, EPOLL_CTL_ADD);
    }
}

static void send_more(struct load *load, struct connection *connection)
{
    const char *rest = load->batch + (load->batch_size - connection->unsent);
    ssize_t sent = send(connection->socket, rest, connection->unsent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        die("send");
    connection->unsent -= sent > 0 ? (size_t)sent : 0;
    if (connection->waits_to_send != (connection->unsent > 0)) {
        connection->waits_to_send = !connection->waits_to_send;
        watch(load, connection, EPOLL_CTL_MOD);
    }
}

static void start_batch(struct load *load, struct connection *connection, uint64_t now)
{
    connection->unsent = load->batch_size;
    connection->received = 0;
    connection->sent_at = now;
    send_more(load, connection);
}

static void check_first_answer(struct load *load, struct connection *connection, size_t count)
{
    size_t end = connection->received + count;
    if (end > load->batch_size || memcmp(load->batch + connection->received, load->read_buffer, count) != 0) {
        fprintf(stderr, "the answer is not what was sent\n");
        exit(1);
    }
    connection->checked = end == load->batch_size;
}

static void receive(struct load *load, struct connection *connection)
{
    ssize_t count = recv(connection->socket, load->read_buffer, READ_SIZE, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN)
        return;
    if (count <= 0) {
        fprintf(stderr, "the server closed a connection: %s\n", count < 0 ? strerror(errno) : "end of stream");
        exit(1);
    }
    if (!connection->checked)
        check_first_answer(load, connection, (size_t)count);

    connection->received += (size_t)count;
    if (connection->received < load->batch_size)
        return;
    uint64_t now = now_ns();
    if (load->measuring)
        histogram_add(&load->latency, now - connection->sent_at, (uint64_t)load->depth);
    start_batch(load, connection, now);
}

static void run_until(struct load *load, uint64_t end)
{
    struct epoll_event events[EVENTS];
    while (now_ns() < end) {
        int count = epoll_wait(load->epoll, events, EVENTS, 10);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (events[i].events & EPOLLOUT)
                send_more(load, connection);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                receive(load, connection);
        }
    }
}

int main(int argc, char **argv)
{
    static struct load load = { .depth = 1 };
    double warmup = 0;
    bool framed = false;
    pid_t server = 0;

    static const struct option options[] = {
        { "depth", required_argument, NULL, 'd' },
        { "warmup", required_argument, NULL, 'w' },
        { "frame", required_argument, NULL, 'f' },
        { "pid", required_argument, NULL, 'p' },
        { 0 },
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'd': load.depth = (int)number_argument("--depth", optarg, 1, 1000); break;
        case 'w': warmup = number_argument("--warmup", optarg, 0, 600); break;
        case 'f': framed = strcmp(optarg, "int32") == 0; break;
        case 'p': server = (pid_t)number_argument("--pid", optarg, 1, 1 << 22); break;
        default: fputs(usage, stderr); return 2;
        }
    }
    if (argc - optind != 5) {
        fputs(usage, stderr);
        return 2;
    }
    struct sockaddr_in address = ipv4_address(argv[optind], argv[optind + 1]);
    load.connection_count = (int)number_argument("CONNECTIONS", argv[optind + 2], 1, 20000);
    size_t size = (size_t)number_argument("SIZE", argv[optind + 3], 1, 1 << 20);
    double seconds = number_argument("SECONDS", argv[optind + 4], 0.01, 600);

    fill_batch(&load, size, framed);
    open_connections(&load, &address);
    for (int i = 0; i < load.connection_count; i++)
        start_batch(&load, &load.connections[i], now_ns());
    run_until(&load, now_ns() + (uint64_t)(warmup * 1e9));

    load.measuring = true;
    double server_before = process_cpu_us(server), own_before = own_cpu_us();
    uint64_t start = now_ns();
    run_until(&load, start + (uint64_t)(seconds * 1e9));
    double elapsed = (double)(now_ns() - start) / 1e9;
    double server_cpu = process_cpu_us(server) - server_before, own_cpu = own_cpu_us() - own_before;

    double messages = (double)load.latency.count, divisor = messages > 0 ? messages : 1;
    printf("messages_per_s=%.0f mb_per_s=%.1f p50_us=%d p99_us=%d p999_us=%d "
           "server_cpu_us=%.3f load_cpu_us=%.3f server_busy=%.3f load_busy=%.3f\n",
           messages / elapsed, messages * (double)size / elapsed / 1e6,
           histogram_percentile_us(&load.latency, 0.5), histogram_percentile_us(&load.latency, 0.99),
           histogram_percentile_us(&load.latency, 0.999), server_cpu / divisor, own_cpu / divisor,
           server_cpu / 1e6 / elapsed, own_cpu / 1e6 / elapsed);
    return messages > 0 ? 0 : 1;
}
