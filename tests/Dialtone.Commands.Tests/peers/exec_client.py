"""The tutorials' clients of remote commands: FRAMING HOST PORT COMMAND... Prints each reply's length and SHA-256, or `none`.

Raw replies do not tell their length: FRAMING is then `raw=N,N,...` with the lengths that are expected.

A COMMAND of `@reset` leaves with a reset, `@close` leaves at once after the next command was sent; `@late CMD` sends
the acknowledgement and CMD as one piece.
"""
import hashlib
import json
import socket
import struct
import sys


SIZES = []


def exactly(sock, count):
    data = bytearray()
    while len(data) < count:
        piece = sock.recv(min(1024, count - len(data)))
        if not piece:
            sys.exit('the server left in mid-reply after %d of %d bytes' % (len(data), count))
        data += piece
    return bytes(data)


def reply(sock, framing, follow=b''):
    if framing == 'raw':
        return exactly(sock, SIZES.pop(0))
    if framing == 'ack':
        size = int(sock.recv(1024).decode())
        if size > 0 or follow:
            sock.sendall(b'recv_ready' + follow)
        return exactly(sock, size)
    if framing == 'int32':
        return exactly(sock, struct.unpack('i', exactly(sock, 4))[0])
    header = json.loads(exactly(sock, struct.unpack('i', exactly(sock, 4))[0]))
    return exactly(sock, header['data_size'])


def show(data):
    print(len(data), hashlib.sha256(data).hexdigest() if data else 'none', flush=True)


def main():
    framing, host, port, commands = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    if framing.startswith('raw='):
        framing, sizes = framing.split('=')
        SIZES.extend(int(size) for size in sizes.split(','))
    if framing == 'udp':
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(30)
        for command in commands:
            sock.sendto(command.encode(), (host, port))
            show(sock.recvfrom(65535)[0])
        return
    sock = socket.create_connection((host, port), 30)
    i = 0
    while i < len(commands):
        command = commands[i]
        i += 1
        if command == '@close':
            sock.sendall(commands[i].encode())
            return
        if command == '@reset':
            sock.sendall(commands[i].encode())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            sock.close()
            return
        follow = b''
        if command == '@late':
            command, follow = commands[i], commands[i + 1].encode()
            i += 2
        sock.sendall(command.encode())
        show(reply(sock, framing, follow))
        if follow:
            show(reply(sock, framing))


main()
