"""The tutorials' servers of remote commands: FRAMING. Prints `listening HOST PORT`, then serves until killed."""
import json
import socket
import struct
import subprocess
import sys


def run(command):
    done = subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = done.communicate()
    return err if err else out


def serve(conn, framing):
    while True:
        command = conn.recv(1024)
        if not command:
            break
        content = run(command.decode())
        if framing == 'raw':
            conn.sendall(content)
        elif framing == 'ack':
            conn.send(str(len(content)).encode())
            if conn.recv(1024) == b'recv_ready':
                conn.sendall(content)
        elif framing == 'int32':
            conn.send(struct.pack('i', len(content)))
            conn.sendall(content)
        else:
            header = json.dumps({'data_size': len(content)}).encode()
            conn.send(struct.pack('i', len(header)))
            conn.send(header)
            conn.sendall(content)


def main():
    framing = sys.argv[1]
    if framing == 'udp':
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(('127.0.0.1', 0))
        print('listening', *server.getsockname(), flush=True)
        while True:
            command, address = server.recvfrom(1024)
            server.sendto(run(command.decode()), address)
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(('127.0.0.1', 0))
    server.listen(5)
    print('listening', *server.getsockname(), flush=True)
    while True:
        conn, _ = server.accept()
        try:
            serve(conn, framing)
        except ConnectionError:
            pass
        conn.close()


main()
