"""What the tutorials' clients for text dialects have in common: steps on standard input, what they saw on standard output."""
import hashlib
import hmac
import socket
import struct
import sys
import time

PORT, STYLE = int(sys.argv[1]), sys.argv[2]


def content(size):
    return (bytes(range(256)) * (size // 256 + 1))[:size]


def connect():
    client = socket.create_connection(('127.0.0.1', PORT), 20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if len(sys.argv) > 3:
        client.sendall(hmac.new(sys.argv[3].encode(), client.recv(32), 'sha256').digest())
    return client


def say(client, text):
    """A request as STYLE has it: whole, bytes (byte by byte), slow (the same, with a pause), halves (cut in its first word)."""
    data = text if isinstance(text, bytes) else text.encode('utf-8')
    if STYLE in ('bytes', 'slow'):
        for byte in data:
            client.send(bytes([byte]))
            if STYLE == 'slow':
                time.sleep(0.004)
    elif STYLE == 'halves':
        client.send(data[:5])
        time.sleep(0.02)
        client.send(data[5:])
    else:
        client.send(data)


def hear(client):
    """An answer, as they read it: once, at most 100 bytes."""
    return client.recv(100).decode('utf-8')


def receive(client, size):
    data = bytearray()
    while len(data) < size:
        part = client.recv(min(1024, size - len(data)))
        if not part:
            break
        data += part
    return bytes(data)


def digest(data):
    return f'{len(data)} {hashlib.sha256(data).hexdigest()[:16]}'


def vanish(client, how):
    if how == 'reset':
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    client.close()


def rest(client):
    """What still comes until the server ends."""
    data = b''
    try:
        while True:
            part = client.recv(1024)
            if not part:
                return data.decode('utf-8')
            data += part
    except ConnectionResetError:
        return 'reset'


def run(client, steps):
    try:
        for line in sys.stdin.read().splitlines():
            name, *arguments = line.split('\t')
            print(name, steps[name](client, *arguments))
    except (ConnectionResetError, BrokenPipeError):
        print('reset')
