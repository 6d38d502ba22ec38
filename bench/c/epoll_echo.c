// The limit for TCP: a single-threaded epoll echo server. usage: epoll_echo [PORT]
#include "bench.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_SIZE = 64 * 1024, EVENTS = 512, BACKLOG = 4096 };

struct connection {
    int socket;
    size_t unsent;  // bytes in rest; while there are any, nothing more is read
    char *rest;     // what the socket did not take at once
};

static int epoll;
static char buffer[BUFFER_SIZE];

static void watch(struct connection *connection, uint32_t interest, int operation)
{
    struct epoll_event event = { .events = interest, .data.ptr = connection };
    if (epoll_ctl(epoll, operation, connection->socket, &event) < 0)
        die("epoll_ctl");
}

static void end(struct connection *connection)
{
    close(connection->socket);
    free(connection->rest);
    free(connection);
}

static void accept_all(int listener)
{
    int accepted, on = 1;
    while ((accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (connection == NULL)
            die("calloc");
        connection->socket = accepted;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(connection, EPOLLIN, EPOLL_CTL_ADD);
    }
}

static void keep_rest(struct connection *connection, const char *rest, size_t count)
{
    connection->rest = malloc(count);
    if (connection->rest == NULL)
        die("malloc");
    memcpy(connection->rest, rest, count);
    connection->unsent = count;
    watch(connection, EPOLLOUT, EPOLL_CTL_MOD);
}

static void echo(struct connection *connection)
{
    ssize_t count = recv(connection->socket, buffer, sizeof buffer, 0);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN)
            end(connection);
        return;
    }
    ssize_t sent = send(connection->socket, buffer, (size_t)count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        end(connection);
    else if (sent < count)
        keep_rest(connection, buffer + (sent > 0 ? sent : 0), (size_t)(count - (sent > 0 ? sent : 0)));
}

static void send_rest(struct connection *connection)
{
    ssize_t sent = send(connection->socket, connection->rest, connection->unsent, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN)
            end(connection);
        return;
    }
    connection->unsent -= (size_t)sent;
    memmove(connection->rest, connection->rest + sent, connection->unsent);
    if (connection->unsent == 0) {
        free(connection->rest);
        connection->rest = NULL;
        watch(connection, EPOLLIN, EPOLL_CTL_MOD);
    }
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? (int)number_argument("PORT", argv[1], 0, 65535) : 0;
    struct connection listener = { .socket = bind_loopback(SOCK_STREAM | SOCK_NONBLOCK, port) };
    if (listen(listener.socket, BACKLOG) < 0)
        die("listen");
    epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(&listener, EPOLLIN, EPOLL_CTL_ADD);
    announce(listener.socket, "tcp");

    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection == &listener)
                accept_all(listener.socket);
            else if (connection->unsent > 0)
                send_rest(connection);
            else
                echo(connection);
        }
    }
}
