"""The tutorials' servers for text dialects, with their habits: one recv per request, content read past its end, nothing checked.

text_server.py text|sample FOLDER BEHAVIOUR

Prints its port. The user of `sample` is alex with the password 3714; the home folder is FOLDER/alex.
BEHAVIOUR: plain, split (every answer byte by byte), stuck (a content is not held back until the client is ready), cut (a content ends early),
           closes (after the first request), talks (something else than the dialect)
"""
import os
import socket
import subprocess
import sys
import threading
import time

DIALECT, FOLDER, BEHAVIOUR = sys.argv[1:]


class Conversation:
    def __init__(self, connection):
        self.connection = connection
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.home = self.folder = os.path.join(FOLDER, 'alex') if DIALECT == 'sample' else FOLDER

    def answer(self, text):
        data = text.encode('utf-8')
        if BEHAVIOUR == 'talks':
            data = b'220 Welcome'
        if BEHAVIOUR == 'split':
            for byte in data:
                self.connection.send(bytes([byte]))
                time.sleep(0.002)
        else:
            self.connection.send(data)

    def content(self, answer, data):
        if BEHAVIOUR == 'stuck':
            self.connection.sendall(f'{answer}{len(data)}'.encode('utf-8') + data)
            self.connection.recv(1024)
            return
        self.answer(f'{answer}{len(data)}')
        self.connection.recv(1024)
        self.connection.sendall(data[:len(data) // 2] if BEHAVIOUR == 'cut' else data)
        if BEHAVIOUR == 'cut':
            self.connection.close()

    def take(self, path, size):
        received = 0
        with open(path, 'wb') as file:
            while received < size:
                data = self.connection.recv(1024)
                if not data:
                    break
                file.write(data)
                received += len(data)

    def run(self):
        while True:
            request = self.connection.recv(1024).decode('utf-8').strip()
            if not request or BEHAVIOUR == 'closes':
                break
            getattr(self, DIALECT)(request.split('|'))
        self.connection.close()

    def text(self, fields):
        path = os.path.join(self.folder, fields[2])
        if fields[1] != 'get':
            return
        if not os.path.isfile(path):
            self.answer("FileTransfer|get|file doesn't exist")
            return
        with open(path, 'rb') as file:
            self.content('FileTransfer|get|ready|', file.read())

    def sample(self, fields):
        if fields[0] == 'ftp_authentication':
            self.answer('ftp_authentication::' + ('success' if fields[1:] == ['alex', '3714'] else 'failed'))
        elif fields[0] == 'file_transfer' and fields[1] == 'get':
            path = os.path.join(self.folder, fields[2])
            if os.path.isfile(path):
                with open(path, 'rb') as file:
                    self.content('file_transfer::get_file::send_ready::', file.read())
            else:
                self.answer('file_transfer::get_file::error::file does not exist or is a directory')
        elif fields[0] == 'file_transfer' and fields[1] == 'put':
            path = os.path.join(self.folder, fields[3])
            self.answer('file_transfer::put_file::recv_ready')
            self.take(path + '.0' if os.path.exists(path) else path, int(fields[4]))
        elif fields[0] == 'list_file':
            self.content('message_transfer::ready::', self.shell('ls -lh ' + fields[1]))
        elif fields[0] == 'delete_file':
            self.shell('rm -rf ' + fields[1])
        elif fields[0] == 'switch_dir':
            target = fields[1][2:].strip()
            folder = os.path.normpath(os.path.join(self.folder, target)) if target else self.home
            if not fields[1].startswith('cd'):
                self.answer('switch_dir::error::Error:wrong command usage.')
            elif os.path.isdir(folder) and folder.startswith(self.home):
                self.folder = folder
                self.answer('switch_dir::ok::' + folder[len(self.home):])
            else:
                self.answer("switch_dir::error::target dir doesn't exist")

    def shell(self, command):
        return subprocess.run(command, shell=True, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def quietly(run):
    try:
        run()
    except OSError:
        pass


def serve():
    listener = socket.create_server(('127.0.0.1', 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=quietly, args=(Conversation(connection).run,), daemon=True).start()


threading.Thread(target=serve, daemon=True).start()
sys.stdin.read()
os._exit(0)
