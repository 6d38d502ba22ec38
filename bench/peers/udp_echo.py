"""A UDP echo server on socketserver's UDPServer, or (with --threads) a thread per datagram."""
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        data, server = self.request
        server.sendto(data, self.client_address)


kind = socketserver.ThreadingUDPServer if "--threads" in sys.argv else socketserver.UDPServer
with kind(("127.0.0.1", 0), Echo) as server:
    print(f"listening udp://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
