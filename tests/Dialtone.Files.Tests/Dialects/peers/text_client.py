"""The tutorials' client for files by text.

text_client.py PORT STYLE [HMAC-KEY]

Steps (fields split by tabs): get NAME; put NAME SIZE; part NAME SIZE SENT close|reset; say TEXT; hear; stick TEXT TEXT…; leave; wait SECONDS
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from conversation import connect, content, digest, hear, receive, rest, run, say, vanish  # noqa: E402
import socket  # noqa: E402


def get(client, name):
    say(client, f'FileTransfer|get|{name}')
    answer = hear(client)
    fields = answer.split('|')
    if fields[2] != 'ready':
        return answer
    say(client, 'FileTransfer|get|recv_ready')
    return digest(receive(client, int(fields[3])))


def put(client, name, size):
    say(client, f'FileTransfer|put|{name}|{size}')
    answer = hear(client)
    if answer == 'FileTransfer|put|recv_ready':
        client.sendall(content(int(size)))
    return answer


def part(client, name, size, sent, how):
    say(client, f'FileTransfer|put|{name}|{size}')
    answer = hear(client)
    client.sendall(content(int(sent)))
    vanish(client, how)
    return answer


def stick(client, *texts):
    client.sendall(''.join(texts).encode('utf-8'))
    return ''


def leave(client):
    client.shutdown(socket.SHUT_WR)
    return rest(client)


run(connect(), {
    'get': get, 'put': put, 'part': part, 'stick': stick, 'leave': leave, 'hear': hear,
    'say': lambda client, text: say(client, text) or '',
    'end': rest,
    'wait': lambda client, seconds: time.sleep(float(seconds)) or '',
})
