"""The tutorials' client for the server with accounts.

sample_client.py PORT STYLE [HMAC-KEY]

Steps (fields split by tabs): login USER PASSWORD; get NAME; put NAME SIZE; stuck NAME SIZE (request and content in one packet);
part NAME SIZE SENT close|reset; list [ARGS]; cd [DIR]; delete NAMES; say TEXT; hear; stick TEXT TEXT…; leave; end; wait SECONDS
"""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from conversation import connect, content, digest, hear, receive, rest, run, say, vanish  # noqa: E402


def ask(client, text):
    say(client, text)
    return hear(client)


def get(client, name):
    answer = ask(client, f'file_transfer|get|{name}')
    fields = answer.split('::')
    if fields[2] != 'send_ready':
        return answer
    say(client, 'file_transfer::get_file::recv_ready')
    return digest(receive(client, int(fields[3])))


def put(client, name, size):
    answer = ask(client, f'file_transfer|put|send_ready|{name}|{size}')
    if answer == 'file_transfer::put_file::recv_ready':
        client.sendall(content(int(size)))
    return answer


def stuck(client, name, size):
    client.sendall(f'file_transfer|put|send_ready|{name}|{size}'.encode() + b'\xff' + content(int(size) - 1))
    return hear(client)


def part(client, name, size, sent, how):
    answer = ask(client, f'file_transfer|put|send_ready|{name}|{size}')
    client.sendall(content(int(sent)))
    vanish(client, how)
    return answer


def listing(client, arguments=''):
    answer = ask(client, f'list_file|{arguments}')
    say(client, 'message_transfer::ready::client')
    return receive(client, int(answer.split('::')[2])).decode('utf-8').rstrip('\n')


def stick(client, *texts):
    client.sendall(''.join(texts).encode('utf-8'))
    return ''


def leave(client):
    client.shutdown(socket.SHUT_WR)
    return rest(client)


run(connect(), {
    'login': lambda client, user, password: ask(client, f'ftp_authentication|{user}|{password}'),
    'cd': lambda client, folder='': ask(client, f'switch_dir|cd {folder}'.rstrip()),
    'delete': lambda client, names: say(client, f'delete_file|{names}') or '',
    'get': get, 'put': put, 'stuck': stuck, 'part': part, 'list': listing, 'stick': stick, 'leave': leave, 'hear': hear,
    'say': lambda client, text: say(client, text) or '',
    'end': rest,
    'wait': lambda client, seconds: time.sleep(float(seconds)) or '',
})
