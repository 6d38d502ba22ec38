"""The clients people write while they learn, against an upper-case server at ADDRESS. Prints what each of them saw.

tutorial_client.py ADDRESS one-at-a-time|many
"""
import socket
import struct
import sys

ADDRESS, CALLERS = sys.argv[1:]


def connect():
    if ADDRESS.startswith('unix://'):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect(ADDRESS[len('unix://'):])
    else:
        host, port = ADDRESS[len('tcp://'):].rsplit(':', 1)
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        client.connect((host, int(port)))
    client.settimeout(20)
    return client


def ask(client, message):
    client.send(message)
    return client.recv(1024)


def receive(client, count):
    data = b''
    while len(data) < count:
        part = client.recv(1024)
        if not part:
            break
        data += part
    return data


def one_message():
    with connect() as client:
        return ask(client, b'hello')


def every_byte():
    with connect() as client:
        return ask(client, bytes(range(256))) == bytes(range(256)).upper()


def several_turns():
    with connect() as client:
        return [ask(client, word) for word in (b'one\n', b'two\n', b'three\n')]


def sticky_sends():
    with connect() as client:
        client.send(b'hello')
        client.send(b'world')
        return receive(client, 10)


def split_receive():
    with connect() as client:
        client.sendall(b'hello, world')
        first = client.recv(2)
        return first, receive(client, 10)


def reply_larger_than_recv():
    with connect() as client:
        client.sendall(b'x' * 10240)
        first = client.recv(1024)
        return len(first), len(first) + len(receive(client, 10240 - len(first)))


def half_close():
    with connect() as client:
        client.sendall(b'last words')
        client.shutdown(socket.SHUT_WR)
        return receive(client, 100)


def leaves_without_reading():
    with connect() as client:
        client.sendall(b'x' * 1000)
    return one_message()


def leaves_at_once():
    connect().close()
    return one_message()


def resets():
    client = connect()
    client.send(b'never mind')
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    client.close()
    return one_message()


def second_caller():
    with connect() as first, connect() as second:
        before = ask(first, b'first')
        second.send(b'second')
        if CALLERS == 'one-at-a-time':
            second.settimeout(0.3)
            try:
                return second.recv(1024)
            except TimeoutError:
                second.settimeout(20)
            first.close()
            return before, 'waits', second.recv(1024)
        return before, second.recv(1024), ask(first, b'first again')


for test in (one_message, every_byte, several_turns, sticky_sends, split_receive, reply_larger_than_recv, half_close,
             leaves_without_reading, leaves_at_once, resets, second_caller):
    print(test.__name__, test())
