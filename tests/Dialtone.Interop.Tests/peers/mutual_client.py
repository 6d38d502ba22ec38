"""mutual_client.py PORT key KEY_ID KEY | PORT password NAME PASSWORD   prints HELLO, refused or false server"""
import hmac
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # hidden by -I
import door

port, way, name, secret = int(sys.argv[1]), *sys.argv[2:]


def with_key(connection):
    hello = door.receive_message(connection)
    assert len(hello) == 33 and hello[0] == 1
    server_nonce, client_nonce, key_id, key = hello[1:], os.urandom(32), name.encode(), secret.encode()
    mac = door.proof(key, b'client', server_nonce, client_nonce, key_id)
    door.send_message(connection, b'\x01' + client_nonce + bytes([len(key_id)]) + key_id + mac)
    return hmac.compare_digest(door.receive_message(connection), door.proof(key, b'server', server_nonce, client_nonce, key_id))


def with_password(connection):
    bare = f'n={name},r={door.b64(os.urandom(18))}'
    door.send_message(connection, b'n,,' + bare.encode())
    first = door.receive_message(connection)
    challenge = door.attributes(first)
    final = f"c=biws,r={challenge['r']}"
    message = f'{bare},{first.decode()},{final}'.encode()
    salted = door.salted(secret, door.base64.b64decode(challenge['s']), int(challenge['i']))
    client_key = door.sign(salted, b'Client Key')
    signature = door.sign(door.hashlib.sha256(client_key).digest(), message)
    door.send_message(connection, f'{final},p={door.b64(door.xor(client_key, signature))}'.encode())
    end = door.attributes(door.receive_message(connection))
    if 'e' in end:
        raise ConnectionAbortedError
    return end['v'] == door.b64(door.sign(door.sign(salted, b'Server Key'), message))


with door.connect(port) as connection:
    try:
        if (with_key if way == 'key' else with_password)(connection):
            connection.sendall(b'hello')
            print(door.receive(connection, 5).decode())
        else:
            print('false server')
    except ConnectionAbortedError:
        print('refused')
