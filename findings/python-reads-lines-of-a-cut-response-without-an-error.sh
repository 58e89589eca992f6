#!/usr/bin/env bash
# Python 3.11.2 (Debian 12), http.client: reading lines of a chunked response that was cut off ends as if it were complete.
#
# Guess before: `for line in response` raises IncompleteRead, as `response.read()` does, when the connection ends before the last chunk.
# Seen, for two lines, and then the end of the connection instead of the chunk of length 0:
#   read(): IncompleteRead
#   read1(): IncompleteRead
#   for line in response: 2 lines, no error
#   readline(): 2 lines, no error
#   for line in TextIOWrapper(response): IncompleteRead
# Lines are read by way of a peek, and that takes the missing chunk for the end. What follows for a reader of NDJSON: only a last line that says so ends a stream (docs/batches.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=3.11.2-6+deb12u9
apt-get download -qq {python3.11-minimal,libpython3.11-minimal,libpython3.11-stdlib}="$version" 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" unpacked; done

cat > see.py <<'PY'
import http.client
import io
import socket
import threading

def serve(listener):
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + 2 * b'8\r\n{"a":1}\n\r\n')

def see(name, read):
    client = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1])
    client.request("GET", "/")
    lines = []
    try:
        read(client.getresponse(), lines)
        print(f"{name}: {len(lines)} lines, no error")
    except http.client.IncompleteRead:
        print(f"{name}: IncompleteRead")

listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
see("read()", lambda response, lines: lines.append(response.read()))
see("read1()", lambda response, lines: lines.extend(iter(response.read1, b"")))
see("for line in response", lambda response, lines: lines.extend(response))
see("readline()", lambda response, lines: lines.extend(iter(response.readline, b"")))
see("for line in TextIOWrapper(response)", lambda response, lines: lines.extend(io.TextIOWrapper(response)))
PY
PYTHONHOME=$folder/unpacked/usr unpacked/usr/bin/python3.11 see.py | tee seen
diff seen - <<'END' && echo "As found."
read(): IncompleteRead
read1(): IncompleteRead
for line in response: 2 lines, no error
readline(): 2 lines, no error
for line in TextIOWrapper(response): IncompleteRead
END
