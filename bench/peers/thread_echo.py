"""An echo server on socketserver's thread per connection."""
import socket
import socketserver


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while data := self.request.recv(16384):
                self.request.sendall(data)
        except ConnectionError:
            pass  # the peer left without a goodbye


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 4096


with Server(("127.0.0.1", 0), Echo) as server:
    print(f"listening tcp://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
