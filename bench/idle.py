"""What an idle connection costs the server's process.

usage: idle.py [--warm N] PORT CONNECTIONS PID

Opens CONNECTIONS connections, sends one message over each and waits for its echo, lets them rest, and compares the
process's resident memory. Two figures: from the freshly started server (cold: what compiling the code and growing the
heaps costs is in it), and from after N connections came and went (warm).
"""
import argparse
import socket
import time

BURST = 500  # connections opened before their echoes are awaited
REST_SECONDS = 3


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def open_connections(port, count):
    connections = []
    while len(connections) < count:
        burst = [socket.create_connection(("127.0.0.1", port)) for _ in range(min(BURST, count - len(connections)))]
        for connection in burst:
            connection.sendall(b"hi")
        for connection in burst:
            connection.settimeout(10)
            if connection.recv(16) != b"hi":
                raise SystemExit("the answer is not what was sent")
        connections += burst
    return connections


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--warm", type=int, default=100)
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    parser.add_argument("pid", type=int)
    arguments = parser.parse_args()

    cold = resident_bytes(arguments.pid)
    for connection in open_connections(arguments.port, arguments.warm):
        connection.close()
    time.sleep(1)
    warm = resident_bytes(arguments.pid)

    started = time.monotonic()
    connections = open_connections(arguments.port, arguments.connections)
    connects_per_s = len(connections) / (time.monotonic() - started)
    time.sleep(REST_SECONDS)
    full = resident_bytes(arguments.pid)
    print(
        f"bytes_per_connection={(full - cold) / len(connections):.0f} "
        f"bytes_per_connection_warm={(full - warm) / len(connections):.0f} "
        f"idle_mb={cold / 1e6:.1f} full_mb={full / 1e6:.1f} connects_per_s={connects_per_s:.0f}"
    )


main()
