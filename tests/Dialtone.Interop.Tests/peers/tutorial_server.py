"""The upper-case servers people write while they learn. Prints `listening ADDRESS` and serves until its input ends.

tutorial_server.py socket|socketserver|threading tcp|udp|unix|unixgram BEHAVIOUR [PATH]

BEHAVIOUR: upper, strip (answers without white space around), large (10,240 bytes with a newline), pieces (an answer in three pieces),
           once (closes after one answer), reset (resets after one request), silent
"""
import os
import socket
import socketserver
import struct
import sys
import threading
import time

STYLE, KIND, BEHAVIOUR = sys.argv[1:4]
PATH = sys.argv[4] if len(sys.argv) > 4 else None
DATAGRAM = KIND in ('udp', 'unixgram')
ADDRESS = PATH or ('127.0.0.1', 0)


def answer(request):
    return {'strip': request.strip().upper(), 'large': b'x' * 10239 + b'\n', 'silent': None}.get(BEHAVIOUR, request.upper())


def serve_one(connection):
    while True:
        request = connection.recv(1024)
        if not request:
            return
        reply = answer(request)
        if BEHAVIOUR == 'reset':
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            return
        if BEHAVIOUR == 'pieces':
            for piece in (reply[:2], reply[2:4], reply[4:]):
                connection.send(piece)
                time.sleep(0.01)
        elif reply is not None:
            connection.sendall(reply)
        if BEHAVIOUR == 'once':
            return


def with_socket():
    family = socket.AF_UNIX if PATH else socket.AF_INET
    server = socket.socket(family, socket.SOCK_DGRAM if DATAGRAM else socket.SOCK_STREAM)
    server.bind(ADDRESS)
    if DATAGRAM:
        announce(server.getsockname())
        while True:
            request, client = server.recvfrom(1024)
            reply = answer(request)
            if reply is not None:
                server.sendto(reply, client)
    server.listen(5)
    announce(server.getsockname())
    while True:
        connection, _ = server.accept()
        try:
            serve_one(connection)
        except ConnectionResetError:
            pass
        connection.close()


class Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        serve_one(self.request)


class Message(socketserver.BaseRequestHandler):
    def handle(self):
        request, server = self.request
        reply = answer(request)
        if reply is not None:
            server.sendto(reply, self.client_address)


def with_socketserver():
    name = ('Threading' if STYLE == 'threading' else '') + {
        'tcp': 'TCPServer', 'udp': 'UDPServer', 'unix': 'UnixStreamServer', 'unixgram': 'UnixDatagramServer'}[KIND]
    with getattr(socketserver, name)(ADDRESS, Message if DATAGRAM else Conversation) as server:
        server.daemon_threads = True
        announce(server.server_address)
        server.serve_forever()


def announce(bound):
    where = PATH or f'{bound[0]}:{bound[1]}'
    print(f'listening {KIND}://{where}', flush=True)


threading.Thread(target=with_socket if STYLE == 'socket' else with_socketserver, daemon=True).start()
sys.stdin.read()
os._exit(0)
