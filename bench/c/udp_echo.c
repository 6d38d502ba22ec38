// The limit for UDP: an echo server that receives and sends up to 64 datagrams per system call. usage: udp_echo [PORT]
#include "bench.h"

#include <stddef.h>
#include <sys/socket.h>

enum { BATCH = 64, LARGEST = 65536 };

int main(int argc, char **argv)
{
    int port = argc > 1 ? (int)number_argument("PORT", argv[1], 0, 65535) : 0;
    int socket = bind_loopback(SOCK_DGRAM, port);
    announce(socket, "udp");

    static char buffers[BATCH][LARGEST];
    static struct sockaddr_in senders[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){ .iov_base = buffers[i] };
        messages[i] = (struct mmsghdr){
            .msg_hdr = { .msg_name = &senders[i], .msg_iov = &parts[i], .msg_iovlen = 1 },
        };
    }

    for (int used = BATCH;;) {
        for (int i = 0; i < used; i++) {
            parts[i].iov_len = LARGEST;
            messages[i].msg_hdr.msg_namelen = sizeof senders[i];
        }
        used = recvmmsg(socket, messages, BATCH, MSG_WAITFORONE, NULL);
        if (used < 0)
            die("recvmmsg");
        for (int i = 0; i < used; i++)
            parts[i].iov_len = messages[i].msg_len;
        for (int done = 0; done < used;) {
            int sent = sendmmsg(socket, messages + done, (unsigned)(used - done), 0);
            done += sent > 0 ? sent : 1;  // what cannot be sent is dropped, as the network would
        }
    }
}
