"""The tutorials' client that puts files behind a JSON header. Steps come on standard input; what it saw goes to standard output.

json_put_client.py PORT STYLE [HMAC-KEY]

STYLE: calls (length, header and body each with a call of its own, the body line by line), one (all in one packet), bytes (byte by byte), slow (the same,
       with a pause), all (every file of all steps in one packet)
Steps:  put NAME SIZE            the header {"cmd", "filename", "filesize"}, and SIZE bytes
        full NAME SIZE right|wrong   the fuller header {"file_size", "file_name", "md5"}
        part NAME SIZE SENT close|reset   leaves after SENT bytes of the body
        cmd WORD                  a header for a command of that name
At the end it finishes sending and prints how the server ended: what it received, or `reset`.
"""
import hashlib
import hmac
import json
import socket
import struct
import sys
import time

PORT, STYLE = int(sys.argv[1]), sys.argv[2]


def content(size):
    return (bytes(range(256)) * (size // 256 + 1))[:size]


client = socket.create_connection(('127.0.0.1', PORT), 20)
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
if len(sys.argv) > 3:
    client.sendall(hmac.new(sys.argv[3].encode(), client.recv(32), 'sha256').digest())
together = []


def send(header, body):
    head = json.dumps(header).encode('utf-8')
    parts = [struct.pack('i', len(head)), head, body]
    if STYLE == 'all':
        together.extend(parts)
    elif STYLE == 'one':
        client.sendall(b''.join(parts))
    elif STYLE in ('bytes', 'slow'):
        for byte in b''.join(parts):
            client.send(bytes([byte]))
            if STYLE == 'slow':
                time.sleep(0.002)
    else:
        client.send(parts[0])
        client.send(parts[1])
        for line in body.splitlines(keepends=True):
            client.send(line)


def end():
    client.shutdown(socket.SHUT_WR)
    received = b''
    while True:
        part = client.recv(1024)
        if not part:
            return received
        received += part


try:
    for line in sys.stdin.read().splitlines():
        step = line.split('\t')
        if step[0] == 'put':
            send({'cmd': 'put', 'filename': step[1], 'filesize': int(step[2])}, content(int(step[2])))
        elif step[0] == 'full':
            body = content(int(step[2]))
            digest = hashlib.md5(body if step[3] == 'right' else b'else').hexdigest()
            send({'file_size': len(body), 'file_name': step[1], 'md5': digest}, body)
        elif step[0] == 'part':
            send({'cmd': 'put', 'filename': step[1], 'filesize': int(step[2])}, content(int(step[3])))
            if step[4] == 'reset':
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            client.close()
            print('left')
            sys.exit()
        elif step[0] == 'cmd':
            send({'cmd': step[1]}, b'')
    if together:
        client.sendall(b''.join(together))
    print(end())
except (ConnectionResetError, BrokenPipeError):
    print('reset')
