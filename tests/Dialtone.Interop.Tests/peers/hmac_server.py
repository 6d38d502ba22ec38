"""A tutorial's server for one caller: challenge, compare, then echo in upper case.

hmac_server.py DIGEST KEY BEHAVIOUR   prints its port, then what it made of the caller: authenticated, refused or gone
"""
import hmac
import os
import socket
import sys

digest, key, behaviour = sys.argv[1], sys.argv[2].encode(), sys.argv[3]


def conn_auth(conn):
    challenge = os.urandom(32)
    if behaviour == 'byte-by-byte':
        for byte in challenge:
            conn.send(bytes([byte]))
    else:
        conn.sendall(challenge)
    expected = hmac.new(key, challenge, digest).digest()
    response = conn.recv(len(expected))
    return hmac.compare_digest(response, expected)


with socket.create_server(('127.0.0.1', 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    listener.settimeout(20)
    conn, _ = listener.accept()
with conn:
    conn.settimeout(20)
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if behaviour == 'short-challenge':
        conn.sendall(os.urandom(31))
    elif behaviour == 'silent':
        print('gone' if not conn.recv(1) else 'talked')
    elif behaviour == 'closes':
        pass
    elif not conn_auth(conn):
        print('refused')
    else:
        print('authenticated')
        while data := conn.recv(1024):
            conn.sendall(data.upper())
