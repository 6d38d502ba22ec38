"""The tutorials' server for files behind a JSON header: silent, calls the method that `cmd` names, and reads past the end of a body.

json_put_server.py FOLDER BEHAVIOUR

Prints its port, then a line for each file. BEHAVIOUR: plain, stays (keeps the connection open after a file), closes (before the body is whole)
"""
import json
import os
import socket
import struct
import sys
import threading

FOLDER, BEHAVIOUR = sys.argv[1:]


class Server:
    def __init__(self, connection):
        self.connection = connection

    def run(self):
        while True:
            head = self.connection.recv(4)
            if len(head) < 4:
                break
            header = json.loads(self.connection.recv(struct.unpack('i', head)[0]).decode('utf-8'))
            if hasattr(self, header['cmd']):
                getattr(self, header['cmd'])(header)
        self.connection.close()

    def put(self, header):
        path = os.path.normpath(os.path.join(FOLDER, header['filename']))
        received = 0
        with open(path, 'wb') as file:
            while received < header['filesize']:
                data = self.connection.recv(1024)
                if not data:
                    break
                file.write(data)
                received += len(data)
                if BEHAVIOUR == 'closes':
                    self.connection.close()
                    return
        print(json.dumps([header['filename'], received]), flush=True)
        if BEHAVIOUR == 'stays':
            threading.Event().wait()


def serve():
    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=lambda: quietly(Server(connection).run), daemon=True).start()


def quietly(run):
    try:
        run()
    except OSError:
        pass


threading.Thread(target=serve, daemon=True).start()
sys.stdin.read()
os._exit(0)
