"""A tutorial's client: answer the challenge, then say hello and read the upper-case echo.

hmac_client.py PORT DIGEST KEY BEHAVIOUR   prints what the server did: HELLO, closed or reset
"""
import hmac
import socket
import sys

port, digest, key, behaviour = int(sys.argv[1]), sys.argv[2], sys.argv[3].encode(), sys.argv[4]


def call():
    connection = socket.create_connection(('127.0.0.1', port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def answer(challenge):
    return hmac.new(key, challenge, digest).digest()


def outcome(connection):
    received = b''
    try:
        while len(received) < len(b'HELLO') and (data := connection.recv(1024)):
            received += data
        return received.decode() or 'closed'
    except ConnectionResetError:
        return 'reset'


client = call()
if behaviour == 'answer':
    client.sendall(answer(client.recv(32)))
    client.sendall(b'hello')
elif behaviour == 'byte-by-byte':
    for byte in answer(client.recv(32)) + b'hello':
        client.send(bytes([byte]))
elif behaviour == 'all-in-one':
    client.sendall(answer(client.recv(32)) + b'hello')
elif behaviour == 'no-handshake':
    client.sendall(b'hello')
    client.recv(32)
elif behaviour == 'no-handshake-long':
    client.sendall(b'hello' * 100)
    client.recv(32)
elif behaviour == 'short':
    client.sendall(answer(client.recv(32))[:-1])
elif behaviour == 'half-close':
    client.recv(32)
    client.shutdown(socket.SHUT_WR)
elif behaviour == 'late':
    challenge = client.recv(32)
    first = outcome(client)
    try:
        client.sendall(answer(challenge))
        client.sendall(b'hello')
    except (BrokenPipeError, ConnectionResetError):
        pass
    print(first)
    sys.exit()
elif behaviour == 'replay':
    good = answer(client.recv(32))
    client.sendall(good)
    client.sendall(b'hello')
    assert client.recv(1024) == b'HELLO'
    client = call()
    client.recv(32)
    client.sendall(good)
elif behaviour == 'reflect':
    client.sendall(client.recv(32))
else:
    sys.exit('unknown behaviour ' + behaviour)
print(outcome(client))
