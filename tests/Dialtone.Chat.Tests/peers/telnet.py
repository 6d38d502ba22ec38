"""Sends bytes given in hexadecimal over TCP, piece by piece, and prints what comes back as hexadecimal until the end.
Usage: telnet.py HOST PORT PIECE…"""
import socket
import sys
import time

host, port = sys.argv[1], int(sys.argv[2])
with socket.create_connection((host, port), timeout=10) as client:
    for piece in sys.argv[3:]:
        client.sendall(bytes.fromhex(piece))
        time.sleep(0.02)  # pieces of their own
    received = b""
    while data := client.recv(4096):
        received += data
print(received.hex())
