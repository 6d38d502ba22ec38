"""The remote command with an acknowledged length, as the tutorials write it.

ack_peer.py client PORT    asks in every order in which the tutorials' clients do; prints what it got
ack_peer.py server         prints its port; answers one caller
"""
import socket
import sys

CONTENT = {b'ls': b'a\nb\n', b'big': b'x' * 100000, b'none': b''}


def receive(connection, count):
    data = b''
    while len(data) < count:
        piece = connection.recv(count - len(data))
        assert piece, 'cut in the middle'
        data += piece
    return data


def client(port):
    connection = socket.create_connection(('127.0.0.1', int(port)), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def length():
        return int(connection.recv(1024))

    def check(command, count):
        assert count == len(CONTENT[command]), (command, count)
        assert receive(connection, count) == CONTENT[command]

    connection.sendall(b'ls')
    n = length()
    connection.sendall(b'recv_ready')
    check(b'ls', n)
    connection.sendall(b'none')
    assert length() == 0
    connection.sendall(b'recv_readyls')                     # both stuck together after an empty content
    n = length()
    for byte in b'recv_ready':
        connection.sendall(bytes([byte]))
    check(b'ls', n)
    connection.sendall(b'none')
    assert length() == 0
    connection.sendall(b'big')                              # the acknowledgement skipped
    n = length()
    connection.sendall(b'recv_ready')
    check(b'big', n)
    connection.sendall(b'ls')
    n = length()
    connection.sendall(b'recv_readynone')                   # the next request behind the acknowledgement
    check(b'ls', n)
    assert length() == 0
    connection.sendall(b'recv_ready')
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1) == b''
    print('as expected')


def server():
    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    connection.settimeout(20)
    while True:
        command = connection.recv(1024)
        if not command:
            break
        content = CONTENT[command]
        connection.sendall(str(len(content)).encode())
        assert receive(connection, 10) == b'recv_ready'
        connection.sendall(content)
    print('served')


{'client': client, 'server': server}[sys.argv[1]](*sys.argv[2:])
