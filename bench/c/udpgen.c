// Closed-loop echo load over UDP: each socket keeps DEPTH datagrams in flight. A socket that hears nothing for 100 ms
// has lost them: they are counted and sent again.
#include "bench.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static const char usage[] =
    "usage: udpgen [options] HOST PORT SOCKETS SIZE SECONDS\n"
    "  --depth N       datagrams in flight per socket (default 1)\n"
    "  --warmup S      seconds of load before the measurement (default 0)\n"
    "  --pid N         the server's process: also report its CPU time per datagram\n";

enum { LARGEST = 65507, EVENTS = 256 };
static const uint64_t lost_after_ns = 100000000, look_every_ns = 50000000;

struct peer {
    int socket;
    uint64_t last;  // when it last sent, ns
};

struct load {
    int epoll;
    int peer_count;
    struct peer *peers;
    int depth;
    size_t size;
    bool measuring;
    uint64_t lost;
    struct histogram latency;  // from the socket's last send: a round trip where DEPTH is 1
};

static char datagram[LARGEST], answer[LARGEST];

static void send_datagrams(struct load *load, struct peer *peer, int count, uint64_t now)
{
    for (int i = 0; i < count; i++)
        send(peer->socket, datagram, load->size, MSG_DONTWAIT);  // a full queue is a loss like any other
    peer->last = now;
}

static void open_peers(struct load *load, const struct sockaddr_in *address)
{
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->peers = calloc((size_t)load->peer_count, sizeof *load->peers);
    if (load->epoll < 0 || load->peers == NULL)
        die("set up");
    for (int i = 0; i < load->peer_count; i++) {
        struct peer *peer = &load->peers[i];
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
        peer->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (peer->socket < 0 || connect(peer->socket, (const struct sockaddr *)address, sizeof *address) < 0 ||
            epoll_ctl(load->epoll, EPOLL_CTL_ADD, peer->socket, &event) < 0)
            die("connect");
    }
}

static void receive_all(struct load *load, struct peer *peer)
{
    ssize_t count;
    while ((count = recv(peer->socket, answer, sizeof answer, MSG_DONTWAIT)) >= 0) {
        if ((size_t)count != load->size || memcmp(answer, datagram, load->size) != 0) {
            fprintf(stderr, "the answer is not what was sent\n");
            exit(1);
        }
        uint64_t now = now_ns();
        if (load->measuring)
            histogram_add(&load->latency, now - peer->last, 1);
        send_datagrams(load, peer, 1, now);
    }
}

static void resend_lost(struct load *load, uint64_t now)
{
    for (int i = 0; i < load->peer_count; i++) {
        if (now - load->peers[i].last < lost_after_ns)
            continue;
        load->lost += load->measuring ? (uint64_t)load->depth : 0;
        send_datagrams(load, &load->peers[i], load->depth, now);
    }
}

static void run_until(struct load *load, uint64_t end)
{
    struct epoll_event events[EVENTS];
    uint64_t looked = now_ns();
    for (uint64_t now; (now = now_ns()) < end;) {
        int count = epoll_wait(load->epoll, events, EVENTS, 10);
        for (int i = 0; i < count; i++)
            receive_all(load, events[i].data.ptr);
        if (now - looked > look_every_ns) {
            resend_lost(load, now_ns());
            looked = now;
        }
    }
}

int main(int argc, char **argv)
{
    static struct load load = { .depth = 1 };
    double warmup = 0;
    pid_t server = 0;

    static const struct option options[] = {
        { "depth", required_argument, NULL, 'd' },
        { "warmup", required_argument, NULL, 'w' },
        { "pid", required_argument, NULL, 'p' },
        { 0 },
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'd': load.depth = (int)number_argument("--depth", optarg, 1, 1000); break;
        case 'w': warmup = number_argument("--warmup", optarg, 0, 600); break;
        case 'p': server = (pid_t)number_argument("--pid", optarg, 1, 1 << 22); break;
        default: fputs(usage, stderr); return 2;
        }
    }
    if (argc - optind != 5) {
        fputs(usage, stderr);
        return 2;
    }
    struct sockaddr_in address = ipv4_address(argv[optind], argv[optind + 1]);
    load.peer_count = (int)number_argument("SOCKETS", argv[optind + 2], 1, 20000);
    load.size = (size_t)number_argument("SIZE", argv[optind + 3], 1, LARGEST);
    double seconds = number_argument("SECONDS", argv[optind + 4], 0.01, 600);

    for (size_t i = 0; i < load.size; i++)
        datagram[i] = (char)('a' + i % 23);
    open_peers(&load, &address);
    for (int i = 0; i < load.peer_count; i++)
        send_datagrams(&load, &load.peers[i], load.depth, now_ns());
    run_until(&load, now_ns() + (uint64_t)(warmup * 1e9));

    load.measuring = true;
    double server_before = process_cpu_us(server), own_before = own_cpu_us();
    uint64_t start = now_ns();
    run_until(&load, start + (uint64_t)(seconds * 1e9));
    double elapsed = (double)(now_ns() - start) / 1e9;
    double server_cpu = process_cpu_us(server) - server_before, own_cpu = own_cpu_us() - own_before;

    double messages = (double)load.latency.count, divisor = messages > 0 ? messages : 1;
    printf("messages_per_s=%.0f mb_per_s=%.1f p50_us=%d p99_us=%d p999_us=%d "
           "server_cpu_us=%.3f load_cpu_us=%.3f server_busy=%.3f load_busy=%.3f lost=%llu\n",
           messages / elapsed, messages * (double)load.size / elapsed / 1e6,
           histogram_percentile_us(&load.latency, 0.5), histogram_percentile_us(&load.latency, 0.99),
           histogram_percentile_us(&load.latency, 0.999), server_cpu / divisor, own_cpu / divisor,
           server_cpu / 1e6 / elapsed, own_cpu / 1e6 / elapsed, (unsigned long long)load.lost);
    return messages > 0 ? 0 : 1;
}
