// The least a server of commands can do: each caller gets what one command writes, read from its pipe and sent on.
// With --fetch PORT it is that caller: what comes is written to standard output.
#include "bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUFFER_SIZE = 64 * 1024 };

static char buffer[BUFFER_SIZE];

static int start(char **command, pid_t *child)
{
    int ends[2];
    if (pipe(ends) < 0)
        die("pipe");
    *child = fork();
    if (*child < 0)
        die("fork");
    if (*child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(command[0], command);
        die(command[0]);
    }
    close(ends[1]);
    return ends[0];
}

static void serve(int caller, char **command)
{
    pid_t child;
    int output = start(command, &child);
    for (ssize_t count; (count = read(output, buffer, BUFFER_SIZE)) > 0;) {
        for (ssize_t done = 0; done < count;) {
            ssize_t sent = send(caller, buffer + done, (size_t)(count - done), MSG_NOSIGNAL);
            if (sent < 0)
                die("send");
            done += sent;
        }
    }
    close(output);
    waitpid(child, NULL, 0);
}

static void fetch(const char *port)
{
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = ipv4_address("127.0.0.1", port);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) < 0)
        die("connect");
    for (ssize_t count; (count = recv(server, buffer, BUFFER_SIZE, 0)) > 0;) {
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(STDOUT_FILENO, buffer + done, (size_t)(count - done));
            if (written < 0)
                die("write");
            done += written;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--fetch") == 0) {
        fetch(argv[2]);
        return 0;
    }
    if (argc < 2) {
        fprintf(stderr, "usage: pipe_send COMMAND…\n       pipe_send --fetch PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int listener = bind_loopback(SOCK_STREAM, 0);
    if (listen(listener, 16) < 0)
        die("listen");
    announce(listener, "tcp");
    for (;;) {
        int caller = accept(listener, NULL, NULL);
        if (caller < 0)
            die("accept");
        serve(caller, argv + 1);
        close(caller);
    }
}
