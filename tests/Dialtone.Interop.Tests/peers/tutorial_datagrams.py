"""The datagram clients people write while they learn, against an upper-case server at ADDRESS. Prints what they saw."""
import socket
import sys

ADDRESS = sys.argv[1]
if ADDRESS.startswith('udp://'):
    host, port = ADDRESS[len('udp://'):].rsplit(':', 1)
    family, server = socket.AF_INET, (host, int(port))
else:
    family, server = socket.AF_UNIX, ADDRESS[len('unixgram://'):]


def client(name):
    peer = socket.socket(family, socket.SOCK_DGRAM)
    peer.settimeout(20)
    if family == socket.AF_UNIX:
        peer.bind(f'{server}.{name}')
    return peer


def ask(peer, message, room=1024):
    peer.sendto(message, server)
    data, sender = peer.recvfrom(room)
    assert sender == server, sender
    return data


one, two = client('one'), client('two')
print('one_message', ask(one, b'hello'))
print('empty_message', ask(one, b''))
print('every_byte', ask(one, bytes(range(256))) == bytes(range(256)).upper())
print('cut_by_a_small_buffer', ask(one, b'hello, world', room=5), ask(one, b'next'))
print('large', len(ask(one, b'x' * 60000, room=65535)))
one.sendto(b'from one', server)
two.sendto(b'from two', server)
print('each_at_its_own_address', one.recvfrom(1024)[0], two.recvfrom(1024)[0])
client('gone').sendto(b'gone before the answer', server)
print('after_one_that_left', ask(two, b'hello'))
