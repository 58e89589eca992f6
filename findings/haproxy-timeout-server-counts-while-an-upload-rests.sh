#!/usr/bin/env bash
# HAProxy 2.6.12 ends an upload that stands still after `timeout server`, however long `timeout client` is.
#
# Guess before: only `timeout client` counts while a request body is awaited, because the manual says of `timeout server` that it "applies when the server is
# expected to acknowledge or send data", and a server that has not got the whole request is expected to do neither.
# Seen: with `timeout client 30s` and `timeout server 2s`, a client that sends half of its body, rests for 4 s and sends the other half, gets a 504 after 2 s.
# So both have to be longer than an upload may stand still (docs/proxies.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${haproxy:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq haproxy=2.6.12-1+deb12u4 liblua5.3-0 libpcre2-8-0 libpcre2-posix3 libsystemd0 libcrypt1 libssl3 zlib1g libopentracing-c-wrapper0 libopentracing1 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" unpacked; done
export LD_LIBRARY_PATH=$folder/unpacked/usr/lib/x86_64-linux-gnu:$folder/unpacked/lib/x86_64-linux-gnu
unpacked/usr/sbin/haproxy -v | sed -n 1p

cat > try.py <<'PY'
import http.server, socket, subprocess, sys, threading, time

class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

def free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

def upload(server_timeout):
    port = free()
    with open("haproxy.cfg", "w") as file:
        file.write(f"""defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server {server_timeout}
frontend www
    bind 127.0.0.1:{port}
    default_backend api
backend api
    server one 127.0.0.1:{server.server_port}
""")
    haproxy = subprocess.Popen(["unpacked/usr/sbin/haproxy", "-db", "-f", "haproxy.cfg"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                client = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                time.sleep(0.05)
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
        client.settimeout(4)
        began = time.monotonic()
        try:
            status = client.recv(65536).split(b"\r\n")[0].decode()
            return f"{status} after {time.monotonic() - began:.0f} s of rest"
        except TimeoutError:
            client.sendall(b"world")
            client.settimeout(10)
            return f"{client.recv(65536).split(chr(13).encode())[0].decode()} after the whole body"
    finally:
        haproxy.kill()
        haproxy.wait()

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
server.handle_error = lambda *_: None  # what HAProxy cuts
threading.Thread(target=server.serve_forever, daemon=True).start()
print("timeout server 30s:", upload("30s"))
print("timeout server 2s: ", upload("2s"))
PY
python3 try.py | tee seen
diff seen - <<'END' && echo "As it was."
timeout server 30s: HTTP/1.1 200 OK after the whole body
timeout server 2s:  HTTP/1.1 504 Gateway Time-out after 2 s of rest
END
