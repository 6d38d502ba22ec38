"""An echo server on a pool of 128 blocking threads: what a Python tutorial ends with."""
import socket
from concurrent.futures import ThreadPoolExecutor


def echo(connection):
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while data := connection.recv(16384):
                connection.sendall(data)
        except ConnectionError:
            pass  # the peer left without a goodbye


with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener, ThreadPoolExecutor(128) as pool:
    print(f"listening tcp://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        pool.submit(echo, listener.accept()[0])
