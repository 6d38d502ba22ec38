"""PROTOCOL.md's handshakes at the door, written anew from its text: what both ends of the peers below share."""
import base64
import hashlib
import hmac
import socket
import struct


def receive(connection, count):
    data = b''
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionAbortedError
        data += part
    return data


def receive_message(connection):
    return receive(connection, struct.unpack('<i', receive(connection, 4))[0])


def send_message(connection, message):
    connection.sendall(struct.pack('<i', len(message)) + message)


def proof(key, role, server_nonce, client_nonce, key_id):
    fields = [b'dialtone hmac ' + role + b' proof', role, b'\x01', server_nonce, client_nonce, key_id, b'']
    return hmac.digest(key, b''.join(struct.pack('<I', len(field)) + field for field in fields), 'sha256')


def sign(key, message):
    return hmac.digest(key, message, 'sha256')


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def attributes(message):
    return dict(part.split('=', 1) for part in message.decode().split(','))


def b64(data):
    return base64.b64encode(data).decode()


def salted(password, salt, iterations):
    return hashlib.pbkdf2_hmac('sha256', password.encode(), salt, iterations)


def connect(port):
    return socket.create_connection(('127.0.0.1', port), timeout=20)


def accept():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        listener.settimeout(20)
        connection, _ = listener.accept()
    connection.settimeout(20)
    return connection
