"""Opens sockets as systemd does for socket activation, and becomes the program.

inherit.py PROGRAM NAME=KIND,NAME=KIND… WORD…     KIND: tcp, udp, or the path of a Unix socket
"""
import fcntl
import os
import socket
import sys

FIRST = 3  # SD_LISTEN_FDS_START
OUT_OF_THE_WAY = 100

program, sockets, words = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]


def open_socket(kind):
    if kind == "udp":
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(("127.0.0.1", 0))
        return opened
    opened = socket.socket(socket.AF_INET if kind == "tcp" else socket.AF_UNIX)
    opened.bind(("127.0.0.1", 0) if kind == "tcp" else kind)
    opened.listen()
    return opened


parked = [fcntl.fcntl(open_socket(each.split("=")[1]), fcntl.F_DUPFD, OUT_OF_THE_WAY) for each in sockets]
for number, descriptor in enumerate(parked):
    os.dup2(descriptor, FIRST + number, inheritable=True)
    os.close(descriptor)

os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(len(sockets))
os.environ["LISTEN_FDNAMES"] = ":".join(each.split("=")[0] for each in sockets)
os.execv(program, [program, *words])
