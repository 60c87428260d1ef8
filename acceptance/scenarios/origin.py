"""An origin that can be slow and that counts: started as a process of its own, so that it can be killed.

  GET or POST /      "ok" after --delay milliseconds
  GET /late?ms=N     "late" after N milliseconds
  GET /bytes?n=N     N bytes
  GET /drip?ms=N     chunks for N milliseconds, the last one says "end"
  PUT /take?rate=N   reads N bytes a second, answers with how many it read
  GET /count         bytes handed to the kernel and bytes read so far
"""
import argparse
import http.server
import socket
import time
from urllib.parse import parse_qs, urlsplit

PIECE = bytes(64 * 1024)
counted = {"sent": 0, "read": 0}


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    delay = 0.0
    wbufsize = -1  # a small answer leaves in one piece: who is killed has sent all of it or nothing
    disable_nagle_algorithm = True

    def do_GET(self):
        url = urlsplit(self.path)
        number = {key: int(values[0]) for key, values in parse_qs(url.query).items()}
        if url.path == "/late":
            time.sleep(number["ms"] / 1000)
            self.answer(b"late\n")
        elif url.path == "/bytes":
            self.send_bytes(number["n"])
        elif url.path == "/drip":
            self.drip(number["ms"] / 1000)
        elif url.path == "/count":
            self.answer(f"{counted['sent']} {counted['read']}\n".encode())
        else:
            time.sleep(self.delay)
            self.answer(b"ok\n")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_PUT(self):
        rate = int(parse_qs(urlsplit(self.path).query).get("rate", ["0"])[0])
        left = int(self.headers["Content-Length"])
        began, read = time.monotonic(), 0
        while left > 0:
            piece = self.rfile.read1(min(left, 64 * 1024))
            if not piece:
                self.close_connection = True
                return
            left -= len(piece)
            read += len(piece)
            counted["read"] += len(piece)
            if rate:
                time.sleep(max(0.0, began + read / rate - time.monotonic()))
        self.answer(f"{read}\n".encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_bytes(self, size):
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.flush()
        while size > 0:
            # not sendall, which would count a piece only when all of it is gone
            handed = self.connection.send(PIECE[:size] if size < len(PIECE) else PIECE)
            counted["sent"] += handed
            size -= handed

    def drip(self, seconds):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.wfile.write(b"5\r\ndrip\n\r\n")
            self.wfile.flush()
            time.sleep(0.05)
        self.wfile.write(b"4\r\nend\n\r\n0\r\n\r\n")

    def log_message(self, *_):
        pass


class Origin(http.server.ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients of these scenarios leave in the middle on purpose


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--delay", type=float, default=0)
    options = parser.parse_args()
    Answers.delay = options.delay / 1000
    server = Origin(("127.0.0.1", options.port), Answers)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.serve_forever()


if __name__ == "__main__":
    main()
