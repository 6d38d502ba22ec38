// Sends one body behind a JSON header, finishes sending, and waits for the server to close: the time from the first
// byte to that close is what is measured, so it covers the server's last write.
// On the wire: int32 little-endian header length, {"filesize": BYTES}, the body.
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_SIZE = 256 * 1024 };

static void send_all(int socket, const char *bytes, size_t count)
{
    for (size_t done = 0; done < count;) {
        ssize_t sent = send(socket, bytes + done, count - done, MSG_NOSIGNAL);
        if (sent < 0)
            die("send");
        done += (size_t)sent;
    }
}

static void send_header(int socket, unsigned long long body)
{
    char header[128];
    int length = snprintf(header + 4, sizeof header - 4, "{\"cmd\":\"put\",\"filename\":\"body\",\"filesize\":%llu}", body);
    for (int byte = 0; byte < 4; byte++)
        header[byte] = (char)(length >> (8 * byte));
    send_all(socket, header, (size_t)length + 4);
}

int main(int argc, char **argv)
{
    pid_t server = 0;
    static const struct option options[] = { { "pid", required_argument, NULL, 'p' }, { 0 } };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option != 'p')
            return 2;
        server = (pid_t)number_argument("--pid", optarg, 1, 1 << 22);
    }
    if (argc - optind != 3) {
        fputs("usage: send_body [--pid N] HOST PORT BYTES\n", stderr);
        return 2;
    }
    struct sockaddr_in address = ipv4_address(argv[optind], argv[optind + 1]);
    unsigned long long body = (unsigned long long)number_argument("BYTES", argv[optind + 2], 1, 1e12);

    static char buffer[BUFFER_SIZE];
    for (size_t i = 0; i < sizeof buffer; i++)
        buffer[i] = (char)('a' + i % 23);
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) < 0)
        die("connect");

    double server_before = process_cpu_us(server);
    uint64_t start = now_ns();
    send_header(connection, body);
    for (unsigned long long left = body; left > 0;) {
        size_t part = left < sizeof buffer ? (size_t)left : sizeof buffer;
        send_all(connection, buffer, part);
        left -= part;
    }
    shutdown(connection, SHUT_WR);
    char end;
    ssize_t answer = recv(connection, &end, 1, 0);
    double seconds = (double)(now_ns() - start) / 1e9;
    if (answer != 0) {
        fprintf(stderr, "expected the server to close, not %s\n", answer < 0 ? strerror(errno) : "an answer");
        return 1;
    }
    double server_cpu = process_cpu_us(server) - server_before;
    printf("seconds=%.4f mb_per_s=%.1f server_cpu_s=%.3f server_busy=%.3f\n",
           seconds, (double)body / seconds / 1e6, server_cpu / 1e6, server_cpu / 1e6 / seconds);
    return 0;
}
