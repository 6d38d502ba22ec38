"""mutual_server.py key KEY_ID KEY | password NAME PASSWORD [false]   prints its port, then authenticated or refused"""
import hmac
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # hidden by -I
import door

way, name, secret = sys.argv[1:4]
is_false = sys.argv[4:] == ['false']


def with_key(connection):
    nonce, key = os.urandom(32), secret.encode()
    door.send_message(connection, b'\x01' + nonce)
    proof = door.receive_message(connection)
    client_nonce, key_id, mac = proof[1:33], proof[34:34 + proof[33]], proof[34 + proof[33]:]
    expected = door.proof(key, b'client', nonce, client_nonce, key_id)
    if key_id != name.encode() or not hmac.compare_digest(mac, expected):
        return False
    door.send_message(connection, mac if is_false else door.proof(key, b'server', nonce, client_nonce, key_id))
    return True


def with_password(connection):
    salt, iterations = os.urandom(16), 4096
    salted = door.salted(secret, salt, iterations)
    stored = door.hashlib.sha256(door.sign(salted, b'Client Key')).digest()
    bare = door.receive_message(connection).removeprefix(b'n,,')
    nonce = door.attributes(bare)['r'] + door.b64(os.urandom(18))
    first = f'r={nonce},s={door.b64(salt)},i={iterations}'
    door.send_message(connection, first.encode())
    final = door.receive_message(connection)
    without_proof, _, proof = final.rpartition(b',p=')
    message = b','.join([bare, first.encode(), without_proof])
    client_key = door.xor(door.base64.b64decode(proof), door.sign(stored, message))
    if without_proof != b'c=biws,r=' + nonce.encode() or door.hashlib.sha256(client_key).digest() != stored:
        door.send_message(connection, b'e=invalid-proof')
        return False
    server_key = os.urandom(32) if is_false else door.sign(salted, b'Server Key')
    door.send_message(connection, b'v=' + door.b64(door.sign(server_key, message)).encode())
    return True


with door.accept() as connection:
    if (with_key if way == 'key' else with_password)(connection):
        print('authenticated')
        while data := connection.recv(1024):
            connection.sendall(data.upper())
    else:
        print('refused')
