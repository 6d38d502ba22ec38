// The limit for receiving into a file: accept, then recv and write with one 256 KiB buffer until the peer has finished
// sending, then close. One connection after the other; each writes PATH anew. usage: recv_file PATH [PORT]
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_SIZE = 256 * 1024 };

static void receive_into(int connection, int file)
{
    static char buffer[BUFFER_SIZE];
    for (ssize_t count; (count = recv(connection, buffer, sizeof buffer, 0)) != 0;) {
        if (count < 0)
            die("recv");
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(file, buffer + done, (size_t)(count - done));
            if (written < 0)
                die("write");
            done += written;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: recv_file PATH [PORT]\n", stderr);
        return 2;
    }
    int listener = bind_loopback(SOCK_STREAM, argc > 2 ? (int)number_argument("PORT", argv[2], 0, 65535) : 0);
    if (listen(listener, 16) < 0)
        die("listen");
    announce(listener, "tcp");

    for (;;) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        int file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (connection < 0 || file < 0)
            die("accept");
        receive_into(connection, file);
        close(file);
        close(connection);
    }
}
