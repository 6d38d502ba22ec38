"""Frames as people write them by hand with socket, struct and json.

frames_peer.py client PORT FRAMING    sends every message whole, byte by byte and in odd pieces; wants each back; prints `same N`
frames_peer.py server FRAMING         prints its port; sends every frame of one caller back, whole, byte by byte, in odd pieces in turn
frames_peer.py cut PORT FRAMING       one connection for every place a frame can be cut; prints how many
frames_peer.py cutting FRAMING        prints its port; sends half a frame to one caller and leaves
frames_peer.py hostile PORT NAME      a bystander calls, the hostile bytes are sent and the line is held; prints how both ended
"""
import itertools
import json
import socket
import struct
import sys

FIXED = 7
DELIMITER = b'|END|'
ANYTHING = bytes(range(256)) * 20
TEXT = b'a line of text '
PIECE = 3


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


class Reader:
    def __init__(self, connection):
        self.connection, self.held = connection, b''

    def more(self):
        piece = self.connection.recv(1024)
        self.held += piece
        return bool(piece)

    def exactly(self, count):
        while len(self.held) < count:
            if not self.more():
                assert not self.held, 'cut in the middle'
                return None
        taken, self.held = self.held[:count], self.held[count:]
        return taken

    def until(self, end):
        while end not in self.held:
            if not self.more():
                assert not self.held, 'cut in the middle'
                return None
        taken, _, self.held = self.held.partition(end)
        return taken


class Ended:
    def __init__(self, end):
        self.end = end
        self.messages = [b'hello', b'', TEXT * 3, b'\xc3\xa4', TEXT * 400, b'last']

    def pack(self, message):
        return message + self.end

    def read(self, reader):
        return reader.until(self.end)


class Fixed:
    messages = [b'sevenby', b'tes and', b' seven\0']

    def pack(self, message):
        return message

    def read(self, reader):
        return reader.exactly(FIXED)


class Prefix:
    def __init__(self, form, counts):
        self.form, self.counted = form, struct.calcsize(form) if counts == 'self' else 0
        most = 100 if form[1] in 'bB' else 5000
        self.messages = [b'hello', b'', ANYTHING[:most], b'\0', ANYTHING[3:most], b'last']

    def pack(self, message):
        return struct.pack(self.form, len(message) + self.counted) + message

    def read(self, reader):
        head = reader.exactly(struct.calcsize(self.form))
        return head and reader_body(reader, struct.unpack(self.form, head)[0] - self.counted)


class Varint:
    messages = [b'hello', b'', ANYTHING[:127], ANYTHING[:128], ANYTHING, b'last']

    def pack(self, message):
        return varint(len(message)) + message

    def read(self, reader):
        length = 0
        for shift in itertools.count(0, 7):
            byte = reader.exactly(1)
            if byte is None:
                return None
            length |= (byte[0] & 127) << shift
            if byte[0] < 128:
                return reader_body(reader, length)


class Json:
    """Puts ask with `filesize`, answers come with `data_size`."""
    messages = [b'hello', b'', ANYTHING, b'last']
    side = None

    def pack(self, message):
        header = {'cmd': 'put', 'filename': 'ä.txt', 'filesize': len(message)} if self.side == 'client' else {'data_size': len(message)}
        text = json.dumps(header).encode()
        return struct.pack('i', len(text)) + text + message

    def read(self, reader):
        head = reader.exactly(4)
        if head is None:
            return None
        header = json.loads(reader.exactly(struct.unpack('i', head)[0]))
        return reader_body(reader, header['data_size' if self.side == 'client' else 'filesize'])


def reader_body(reader, length):
    return reader.exactly(length) if length else b''


def framing(name):
    kind, _, rest = name.partition(':')
    return {'lf': lambda: Ended(b'\n'), 'crlf': lambda: Ended(b'\r\n'), 'delimiter': lambda: Ended(DELIMITER), 'fixed': Fixed,
            'varint': Varint, 'json': Json, 'prefix': lambda: Prefix(*rest.split(','))}[kind]()


def deliver(connection, data, way):
    step = {'whole': max(1, len(data)), 'bytes': 1, 'odd': PIECE}[way]
    for at in range(0, len(data), step):
        connection.sendall(data[at:at + step])


WAYS = ('whole', 'bytes', 'odd')


def connect(port):
    connection = socket.create_connection(('127.0.0.1', int(port)), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def listen():
    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    connection.settimeout(20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def client(port, name):
    connection, count = connect(port), 0
    if name == 'raw':
        for way in WAYS:
            deliver(connection, ANYTHING, way)
        connection.shutdown(socket.SHUT_WR)
        whole = b''.join(iter(lambda: connection.recv(1000), b''))
        print('same', int(whole == ANYTHING * 3))
        return
    kind = framing(name)
    kind.side = 'client'
    reader = Reader(connection)
    for way in WAYS:
        deliver(connection, b''.join(map(kind.pack, kind.messages)), way)
        for message in kind.messages:
            answer = kind.read(reader)
            assert answer == message, (way, message[:40], answer and answer[:40])
            count += 1
    connection.shutdown(socket.SHUT_WR)
    assert kind.read(reader) is None
    print('same', count)


def server(name):
    connection = listen()
    if name == 'raw':
        whole = b''.join(iter(lambda: connection.recv(1000), b''))
        deliver(connection, whole, 'odd')
        print('served', len(whole))
        return
    kind, reader, count = framing(name), Reader(connection), 0
    kind.side = 'server'
    for way in itertools.cycle(WAYS):
        message = kind.read(reader)
        if message is None:
            break
        deliver(connection, kind.pack(message), way)
        count += 1
    print('served', count)


def cut(port, name):
    kind = framing(name)
    kind.side = 'client'
    frame = kind.pack(kind.messages[0])
    for at in range(1, len(frame)):
        connection = connect(port)
        connection.sendall(frame[:at])
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b''
        connection.close()
    print(len(frame) - 1)


def cutting(name):
    kind = framing(name)
    kind.side = 'server'
    frame = kind.pack(kind.messages[0])
    connection = listen()
    connection.sendall(frame[:len(frame) // 2])
    connection.close()
    print('left')


HOSTILE = {
    'int32 -1': struct.pack('<i', -1),
    'int32 lowest': struct.pack('<i', -2**31),
    'int32 2^31-1': struct.pack('<i', 2**31 - 1) + b'ten bytes.',
    'int64 2^63': struct.pack('<Q', 2**63),
    'int64 2^63-1': struct.pack('<q', 2**63 - 1),
    'varint too long': b'\xff' * 6,
    'varint not shortest': b'\x81\x80\x00',
    'line without end': b'x' * 10000,
    'json header of 10 MB': struct.pack('<i', 10 * 2**20),
    'json header -1': struct.pack('<i', -1),
    'json nested 10000': (lambda text: struct.pack('<i', len(text)) + text)(b'{"filesize":' + b'[' * 10000 + b']' * 10000 + b'}'),
    'json key twice': (lambda text: struct.pack('<i', len(text)) + text)(b'{"filesize":1,"filesize":2}'),
    'json bad utf-8': (lambda text: struct.pack('<i', len(text)) + text)(b'{"cmd":"\xff\xfe","filesize":1}'),
    'json body -1': (lambda text: struct.pack('<i', len(text)) + text)(b'{"filesize":-1}'),
    'http': b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'tls': bytes.fromhex('16030100c8010000c40303') + b'\x5a' * 194,
}


def hostile(port, name, framing_name):
    kind = framing(framing_name)
    kind.side = 'client'
    bystander = connect(port)
    reader = Reader(bystander)
    bystander.sendall(kind.pack(kind.messages[0]))
    before = kind.read(reader)
    connection = connect(port)
    try:
        connection.sendall(HOSTILE[name])
        answer = connection.recv(1)
    except (ConnectionResetError, BrokenPipeError):
        answer = b''
    bystander.sendall(kind.pack(kind.messages[-1]))
    print('closed' if answer == b'' else answer, before == kind.messages[0], kind.read(reader) == kind.messages[-1])


{'client': client, 'server': server, 'cut': cut, 'cutting': cutting, 'hostile': hostile}[sys.argv[1]](*sys.argv[2:])
