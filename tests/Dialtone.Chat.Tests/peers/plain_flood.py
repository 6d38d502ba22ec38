"""Datagrams from as many addresses as asked for, all in 127.0.0.0/8, never listening for an answer.
Usage: plain_flood.py HOST PORT ADDRESSES EACH BYTES"""
import socket
import sys

host, port, addresses, each, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
text = b"f" * size
for i in range(addresses):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((f"127.{1 + (i >> 16)}.{(i >> 8) & 255}.{i & 255}", 0))
        for _ in range(each):
            sender.sendto(text, (host, port))
print("sent")
