#!/usr/bin/env python3
"""A chat client in plain Python: joins a Dialtone chat over TLS and speaks its reliable datagrams, with nothing but the
standard library, so that AES-256-GCM stands here in full (slow, but a chat has time).

    dialtone_chat.py HOST:PORT NAME [ROOM] [--insecure]     lines you type are said in ROOM (default lobby)
    dialtone_chat.py --vectors                              prints the test vectors of PROTOCOL.md

PROTOCOL.md, "Reliable datagrams" and "Chat", says what the bytes mean.
"""
import base64
import hmac
import json
import os
import select
import socket
import ssl
import struct
import sys
import time


# ---- AES-256-GCM (FIPS 197, SP 800-38D) ----

def _make_sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        p &= 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        q ^= 0x09 if q & 0x80 else 0
        box[p] = q ^ (q << 1 | q >> 7) & 0xFF ^ (q << 2 | q >> 6) & 0xFF ^ (q << 3 | q >> 5) & 0xFF ^ (q << 4 | q >> 4) & 0xFF ^ 0x63
        if p == 1:
            box[0] = 0x63
            return box


SBOX = _make_sbox()
DOUBLE = [(b << 1 ^ (0x1B if b & 0x80 else 0)) & 0xFF for b in range(256)]


class Aes256Gcm:
    def __init__(self, key):
        words = [list(key[i:i + 4]) for i in range(0, 32, 4)]
        rcon = 1
        for i in range(8, 60):
            word = list(words[-1])
            if i % 8 == 0:
                word = [SBOX[b] for b in word[1:] + word[:1]]
                word[0] ^= rcon
                rcon = DOUBLE[rcon]
            elif i % 8 == 4:
                word = [SBOX[b] for b in word]
            words.append([a ^ b for a, b in zip(words[i - 8], word)])
        self.round_keys = [sum(words[i:i + 4], []) for i in range(0, 60, 4)]
        self.h = int.from_bytes(self._block(bytes(16)), "big")

    def _block(self, data):
        state = [a ^ b for a, b in zip(data, self.round_keys[0])]
        for number, key in enumerate(self.round_keys[1:], 1):
            state = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]  # SubBytes and ShiftRows
            if number < 14:
                mixed = []
                for c in range(0, 16, 4):
                    a = state[c:c + 4]
                    all_ = a[0] ^ a[1] ^ a[2] ^ a[3]
                    mixed += [a[i] ^ all_ ^ DOUBLE[a[i] ^ a[(i + 1) % 4]] for i in range(4)]
                state = mixed
            state = [a ^ b for a, b in zip(state, key)]
        return bytes(state)

    def _counter(self, nonce, data):
        out = bytearray()
        for i in range(0, len(data), 16):
            stream = self._block(nonce + struct.pack(">I", 2 + i // 16))
            out += bytes(a ^ b for a, b in zip(data[i:i + 16], stream))
        return bytes(out)

    def _tag(self, nonce, sealed, associated):
        def padded(data):
            return data + bytes(-len(data) % 16)
        y = 0
        text = padded(associated) + padded(sealed) + struct.pack(">QQ", 8 * len(associated), 8 * len(sealed))
        for i in range(0, len(text), 16):
            x, v, y = y ^ int.from_bytes(text[i:i + 16], "big"), self.h, 0
            for bit in range(127, -1, -1):
                if x >> bit & 1:
                    y ^= v
                v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        mask = self._block(nonce + struct.pack(">I", 1))
        return bytes(a ^ b for a, b in zip(y.to_bytes(16, "big"), mask))

    def seal(self, nonce, plain, associated):
        sealed = self._counter(nonce, plain)
        return sealed + self._tag(nonce, sealed, associated)

    def open(self, nonce, data, associated):
        """The plain text; None if it was altered."""
        sealed, tag = data[:-16], data[-16:]
        if not hmac.compare_digest(tag, self._tag(nonce, sealed, associated)):
            return None
        return self._counter(nonce, sealed)


def hkdf_sha256(secret, salt, info):
    """RFC 5869; one block is all that is needed."""
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\1", "sha256")


# ---- reliable datagrams ----

ACK, MORE, LAST, PING, CLOSE, MANY = 1, 2, 3, 4, 5, 6
SEGMENT_BYTES = 1000


class Flow:
    """One end: messages in order and each once. Keeps everything unacknowledged under way, at most 8 segments, and repeats it once a second."""

    def __init__(self, session, secret, is_server=False):
        self.session = session
        salt = struct.pack("<Q", session)
        to_server = hkdf_sha256(secret, salt, b"dialtone datagrams 1 to server")
        to_client = hkdf_sha256(secret, salt, b"dialtone datagrams 1 to client")
        self.sealer = Aes256Gcm(to_client if is_server else to_server)
        self.opener = Aes256Gcm(to_server if is_server else to_client)
        self.number = 0             # of the next packet
        self.seen, self.newest = set(), -1
        self.next_id, self.waiting = 0, {}      # id -> [record, last sent]
        self.next, self.early, self.partial = 0, {}, b""
        self.ack_due = False
        self.closed = False

    def send(self, message):
        pieces = [message[i:i + SEGMENT_BYTES] for i in range(0, len(message), SEGMENT_BYTES)] or [b""]
        for i, piece in enumerate(pieces):
            kind = LAST if i == len(pieces) - 1 else MORE
            self.waiting[self.next_id] = [struct.pack("<BIH", kind, self.next_id, len(piece)) + piece, None]
            self.next_id += 1

    def packet(self, records):
        header = struct.pack("<BBQQ", 0xFF, 1, self.session, self.number)
        nonce = bytes(4) + struct.pack(">Q", self.number)
        self.number += 1
        return header + self.sealer.seal(nonce, records, header)

    def ack(self):
        self.ack_due = False
        bits = sum(1 << (i - self.next - 1) for i in self.early)
        return struct.pack("<BIQBI", ACK, self.next, bits, 64, self.newest & 0xFFFFFFFF)

    def due(self, now):
        """Packets to send now."""
        packets = []
        for segment in list(self.waiting.values())[:8]:
            if segment[1] is None or now - segment[1] >= 1:
                segment[1] = now
                packets.append(self.packet(self.ack() + segment[0] + bytes([PING])))
        if self.ack_due:
            packets.append(self.packet(self.ack()))
        return packets

    def receive(self, packet):
        """The messages that are whole now; what is not the peer's changes nothing."""
        if len(packet) < 34 or packet[0] != 0xFF or packet[1] != 1:
            return []
        session, number = struct.unpack_from("<QQ", packet, 2)
        if session != self.session or number in self.seen or number <= self.newest - 256:
            return []
        records = self.opener.open(bytes(4) + struct.pack(">Q", number), packet[18:], packet[:18])
        if records is None:
            return []
        self.newest = max(self.newest, number)
        self.seen = {n for n in self.seen | {number} if n > self.newest - 256}
        return self._read(records)

    def _read(self, records):
        messages = []
        while records:
            kind = records[0]
            if kind == ACK:
                _, following, bits, _, _ = struct.unpack_from("<BIQBI", records)
                for i in list(self.waiting):
                    if i < following or i > following and bits >> (i - following - 1) & 1:
                        del self.waiting[i]
                records = records[18:]
            elif kind in (MORE, LAST, MANY):
                i, length = struct.unpack_from("<IH", records, 1)
                if self.next <= i < self.next + 64:
                    self.early[i] = (kind, records[7:7 + length])
                self.ack_due = True
                records = records[7 + length:]
                while self.next in self.early:
                    kind, piece = self.early.pop(self.next)
                    self.next += 1
                    if kind == MANY:
                        while piece:
                            size, = struct.unpack_from("<H", piece)
                            messages.append(piece[2:2 + size])
                            piece = piece[2 + size:]
                        continue
                    self.partial += piece
                    if kind == LAST:
                        messages.append(self.partial)
                        self.partial = b""
            elif kind == PING:
                self.ack_due = True
                records = records[1:]
            elif kind == CLOSE:
                self.closed = True
                return messages
            else:
                raise ValueError(f"the server sent a record of kind {kind}")
        return messages


# ---- chat ----

def join(host, port, name, room, insecure):
    context = ssl.create_default_context()
    if insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=10) as plain, context.wrap_socket(plain, server_hostname=host) as tls:
        tls.sendall(json.dumps({"chat": 1, "name": name, "rooms": [{"name": room}]}).encode() + b"\n")
        answer = json.loads(tls.makefile("rb").readline())
    if "error" in answer:
        raise SystemExit(answer["text"])
    return answer


def show(event):
    if "message" in event:
        where = f"[{event['room']}] " if "room" in event else ""
        text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in event["text"])
        print(f"{where}{event['from']}: {text}", flush=True)
    elif "here" in event:
        print(f"* {event['name']} {'came to' if event['here'] else 'left'} {event['room']}", flush=True)
    elif "delivered" in event:
        print(f"* {event['count']} of {event['of']} have it", flush=True)
    elif "error" in event or "end" in event or "notice" in event:
        print(f"* {event.get('text') or event.get('notice')}", flush=True)


def talk(host, port, name, room, insecure):
    joined = join(host, port, name, room, insecure)
    flow = Flow(int(joined["session"], 16), base64.b64decode(joined["secret"]))
    udp = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((host, joined["port"]))
    udp.send(flow.packet(bytes([PING])))  # here I am
    spoke, reference, typing, pending, left = time.monotonic(), 0, True, b"", None
    while not flow.closed:
        now = time.monotonic()
        for packet in flow.due(now):
            udp.send(packet)
            spoke = now
        if now - spoke >= 25:
            udp.send(flow.packet(bytes([PING])))
            spoke = now
        if not typing and not flow.waiting:
            left = left or now + 2  # for what is still on its way to us
            if now >= left:
                break
        ready, _, _ = select.select([udp] + [sys.stdin.fileno()] * typing, [], [], 0.2)
        if udp in ready:
            for message in flow.receive(udp.recv(65_536)):
                show(json.loads(message))
        if sys.stdin.fileno() in ready:
            read = os.read(sys.stdin.fileno(), 4096)
            typing = bool(read)
            *lines, pending = (pending + read).split(b"\n")
            for line in lines:
                reference += 1
                flow.send(json.dumps({"say": line.decode(errors="replace"), "room": room, "ref": reference}).encode())
    udp.send(flow.packet(bytes([CLOSE, 0])))


def vectors():
    """PROTOCOL.md, Reliable datagrams: what a client and a server send first."""
    secret = bytes(range(32))
    client = Flow(0x0102030405060708, secret)
    client.send(b"hi")
    first = client.due(0)[0]
    server = Flow(0x0102030405060708, secret, is_server=True)
    assert server.receive(first) == [b"hi"]
    server.send(b"hello")
    answer = server.packet(server.ack() + server.waiting[0][0])
    assert client.receive(answer) == [b"hello"] and not client.waiting
    print(first.hex())
    print(answer.hex())


if __name__ == "__main__":
    if sys.argv[1:] == ["--vectors"]:
        vectors()
    else:
        arguments = [a for a in sys.argv[1:] if a != "--insecure"]
        if len(arguments) < 2:
            raise SystemExit(__doc__)
        host, _, port = arguments[0].rpartition(":")
        talk(host.strip("[]"), int(port), arguments[1], (arguments[2:] or ["lobby"])[0], "--insecure" in sys.argv)
