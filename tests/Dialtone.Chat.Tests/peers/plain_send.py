"""Sends datagrams given in hexadecimal (or as zeros: 0*COUNT) from one address, then tells what comes back within a moment.
Usage: plain_send.py HOST PORT FROM_HOST FROM_PORT DATAGRAM…   Exit 77: the address to send from cannot be had."""
import socket
import sys

host, port, from_host, from_port = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    try:
        client.bind((from_host, from_port))
    except PermissionError:
        sys.exit(77)
    for word in sys.argv[5:]:
        data = b"0" * int(word[2:]) if word.startswith("0*") else bytes.fromhex(word.removeprefix("-"))
        client.sendto(data, (host, port))
    print(client.getsockname()[1])
    sys.stdin.readline()  # until the test has seen all of it
    client.settimeout(0.2)
    try:
        while True:
            print(client.recv(65535).hex())
    except TimeoutError:
        pass
