"""Has a build of the service write jobs.zip, which EarlierFileTests opens: fill.py JobService.dll jobs.zip

At least one of everything that a database of build b3622cd can hold. The service is killed (SIGKILL) in the middle of its work; jobs.zip then holds the database with its log, as
they lay on the disk, and known.json: what the service had said about each job, batch, queue, limit and signal.

scripts/earlier-file.sh runs this.
"""
import base64
import http.server
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile
from datetime import datetime, timedelta, timezone

# The targets and callbacks in the file name this address: the test listens there too. Nobody else does, neither on this one of the loopback addresses nor on a port below the ephemeral ones.
API = ("127.19.82.7", 31982)
ADDRESS = "http://%s:%d" % API
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BATCH_THAT_STOPS = 520  # more than are told to stop in one turn


class Api(http.server.BaseHTTPRequestHandler):
    """The path says how to respond."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        kind = self.path.split("?")[0].strip("/")
        if kind == "held":
            threading.Event().wait()
        elif kind == "text":
            self.reply(200, b"Gr\xc3\xbc\xc3\x9fe", "text/plain; charset=utf-8")
        elif kind == "bytes":
            self.reply(201, bytes(range(256)), "application/octet-stream")
        elif kind == "large":
            self.reply(200, b'"' + b"0123456789" * 10_000 + b'"')
        elif kind == "missing":
            self.reply(404, b'{"why": "no such pet"}')
        elif kind in ("down", "hook/down"):
            self.reply(500, b"on fire", "text/plain")
        elif kind == "busy":
            self.reply(429, b"", headers={"retry-after": "7200"})
        elif kind == "hook/gone":
            self.reply(410, b"")
        else:
            self.reply(200, body or b"{}")

    do_GET = do_PUT = do_POST

    def reply(self, status, body, content_type="application/json", headers=None):
        self.send_response(status)
        for name, value in {"content-type": content_type, "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Service:
    def __init__(self, program, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        settings = {"Storage__Path": os.path.join(folder, "jobs.db"), "Upstream__AllowPrivateNetworks": "true"}
        environment = {"ASPNETCORE_URLS": f"http://127.0.0.1:{self.port}", **{"JobService__" + name: value for name, value in settings.items()}}
        with open(os.path.join(folder, "output.log"), "ab") as output:
            self.process = subprocess.Popen(["dotnet", program], env={**os.environ, **environment}, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        self.until(lambda: self.answers("/readyz"))

    def call(self, method, path, body=None, headers=None):
        """The response's text; an error status raises."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"content-type": "application/json", **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def get(self, path):
        return json.loads(self.call("GET", path))

    def answers(self, path):
        try:
            return self.call("GET", path)
        except OSError:
            return None

    def until(self, condition):
        end = time.monotonic() + 60
        while not (found := condition()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError("What was waited for has not come.")
            time.sleep(0.02)
        return found

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Filling:
    def __init__(self, service):
        self.service = service
        self.jobs = {}  # name → id
        self.batches = {}

    def add(self, name, job, headers=None, state=None):
        """state: waits until the job is in it."""
        job = json.loads(self.service.call("POST", "/v1/jobs", job, headers))
        self.jobs[name] = job["id"]
        if state:
            self.wait(name, state)
        return job["id"]

    def wait(self, name, state):
        self.service.until(lambda: self.service.get("/v1/jobs/" + self.jobs[name])["state"] == state)

    def batch(self, name, batch, state=None):
        self.batches[name] = json.loads(self.service.call("POST", "/v1/batches", batch))["id"]
        if state:
            self.service.until(lambda: self.service.get("/v1/batches/" + self.batches[name])["state"] == state)

    def known(self):
        get = self.service.get
        return {
            "jobs": {name: get("/v1/jobs/" + id) for name, id in self.jobs.items()},
            "results": {name: base64.b64encode(self.service.call("GET", f"/v1/jobs/{self.jobs[name]}/result")).decode() for name in ("done", "text", "bytes", "large")},
            "batches": {name: get("/v1/batches/" + id) for name, id in self.batches.items()},
            "batchResults": {name: get(f"/v1/batches/{self.batches[name]}/results?order=completion") for name in ("over", "broken")},
            "deliveries": {name: get(f"/v1/jobs/{self.jobs[name]}/deliveries") for name in ("told", "told-in-vain", "told-nobody")},
            "queues": {queue["name"]: queue for queue in get("/v1/queues")["items"]},
            "limits": {limit["name"]: limit for limit in get("/v1/limits")["items"]},
            "limitsOfKeys": {name: get(f"/v1/limits/{name}?key=a") for name in ("day-each", "hour-each", "busy-each")},
            "signals": {name: get("/v1/signals/" + name) for name in ("open-door", "shut-door")},
        }


def define(put):
    put("/v1/limits/hour", {"kind": "rate", "permits": 1, "periodSeconds": 36000, "burst": 1})
    put("/v1/limits/hour-each", {"kind": "rate", "permits": 2, "periodSeconds": 36000, "burst": 2, "scope": "perKey"})
    put("/v1/limits/day", {"kind": "window", "permits": 10, "periodSeconds": 86400})
    put("/v1/limits/day-each", {"kind": "window", "permits": 3, "periodSeconds": 86400, "scope": "perKey"})
    put("/v1/limits/few", {"kind": "concurrency", "permits": 2})
    put("/v1/limits/one-each", {"kind": "concurrency", "permits": 1, "scope": "perKey"})
    put("/v1/limits/busy", {"kind": "rate", "permits": 100, "periodSeconds": 1})
    put("/v1/limits/busy-each", {"kind": "window", "permits": 100, "periodSeconds": 1, "scope": "perKey", "weightFrom": "usage.total"})
    put("/v1/limits/unused", {"kind": "concurrency", "permits": 7})

    simulated, http_target = {"kind": "simulated"}, {"kind": "http", "baseAddress": ADDRESS, "headers": {"user-agent": "earlier", "authorization": {"fromConfiguration": "Earlier"}}}
    soon, later, much_later = ({"maxAttempts": 3, "baseSeconds": seconds, "maxSeconds": 2 * seconds} for seconds in (0.05, 120, 5400))
    api = {"kind": "http", "baseAddress": ADDRESS}
    put("/v1/queues/calls", {"target": api, "retry": soon})
    put("/v1/queues/held", {"target": api, "limits": ["few", "one-each"], "timeoutSeconds": 600, "retry": soon})
    put("/v1/queues/retried", {"target": api, "retry": later})
    put("/v1/queues/retried-long", {"target": api, "retry": much_later})
    put("/v1/queues/secret", {"target": http_target, "retry": {"maxAttempts": 4, "baseSeconds": 2, "maxSeconds": 9, "giveUpAfterSeconds": 77}, "capacity": 5, "timeoutSeconds": 12})
    put("/v1/queues/hourly", {"target": simulated, "limits": ["hour", "hour-each"]})
    put("/v1/queues/daily", {"target": simulated, "limits": ["day", "day-each"]})
    put("/v1/queues/throttled", {"target": api, "limits": ["busy"]})
    put("/v1/queues/throttled-keys", {"target": api, "limits": ["busy-each"]})
    put("/v1/queues/throttled-lane", {"target": api})
    put("/v1/queues/quick", {"target": simulated, "process": {"kind": "simulated", "cpuSeconds": 0.001}})
    put("/v1/queues/paused", {"target": simulated, "maxConcurrency": 1, "limits": ["unused"], "keyShares": {"gold": 4}})
    put("/v1/queues/gone", {"target": simulated})


def fill(filling):
    call = filling.service.call
    define(lambda path, body: call("PUT", path, body))
    call("POST", "/v1/queues/paused/pause")
    now = datetime.now(timezone.utc)
    at = lambda **span: (now + timedelta(**span)).isoformat()
    path = lambda name, **more: {"request": {"path": "/" + name}, "payload": {"for": name}, **more}

    # Ends of each kind.
    done = {"queue": "calls", "key": "a", "payload": {"pet": "Tom", "grey": True}, "tags": {"order": "991", "city": "Köln"}, "priority": 7, "weight": 1,
            "request": {"method": "PUT", "path": "/echo", "query": {"full": "1"}, "headers": {"x-given": "yes"}, "body": {"as": [1, 2.50, "it came"]}}}
    filling.add("done", done, {"idempotency-key": '"order-991"'}, "succeeded")
    filling.add("text", path("text", queue="calls"), state="succeeded")
    filling.add("bytes", path("bytes", queue="calls"), state="succeeded")
    filling.add("large", path("large", queue="calls"), state="succeeded")
    filling.add("processed", {"queue": "quick", "payload": [1]}, state="succeeded")
    filling.add("of-gone", {"queue": "gone", "payload": "its queue is deleted"}, state="succeeded")
    call("DELETE", "/v1/queues/gone")
    filling.add("of-default", {"payload": "the ready-made queue"}, state="succeeded")
    filling.add("missing", path("missing", queue="calls"), state="failed")
    filling.add("down", path("down", queue="calls"), state="failed")
    filling.add("cancelled", {"queue": "paused", "payload": 1}, state="queued")
    call("POST", f"/v1/jobs/{filling.jobs['cancelled']}/cancel")
    filling.add("too-late", {"queue": "paused", "payload": 1, "startBefore": at(seconds=0.5)}, state="cancelled")
    filling.add("purged", {"queue": "paused", "payload": 1})
    call("POST", "/v1/queues/paused/purge")
    filling.add("again", path("down", queue="calls", maxAttempts=1), state="failed")
    call("POST", f"/v1/jobs/{filling.jobs['again']}/retry")
    filling.wait("again", "failed")

    # Batches that are over.
    filling.batch("over", {"queue": "calls", "defaults": {"key": "b"}, "jobs": [path("echo"), path("missing"), path("text")]}, "failed")
    filling.batch("broken", {"queue": "calls", "onFailure": "cancel", "jobs": [path("missing"), {"payload": 1, "delaySeconds": 36000}]}, "failed")

    # Callbacks: delivered, refused for now, refused for good.
    callback = lambda name: {"callback": {"url": f"{ADDRESS}/hook/{name}", "secret": SECRET}}
    filling.add("told", {"queue": "quick", "payload": 1, **callback("ok")}, state="succeeded")
    filling.add("told-in-vain", {"queue": "quick", "payload": 1, **callback("down")}, state="succeeded")
    filling.add("told-nobody", {"queue": "quick", "payload": 1, **callback("gone")}, state="succeeded")
    filling.batch("told-in-vain", {"queue": "quick", "jobs": [{"payload": 1}], **callback("down")}, "succeeded")
    for name, state in ("told", "delivered"), ("told-in-vain", "pending"), ("told-nobody", "disabled"):
        filling.service.until(lambda: [(item["state"], len(item["attempts"])) for item in filling.service.get(f"/v1/jobs/{filling.jobs[name]}/deliveries")["items"]] == [(state, 1)])

    # What limits have handed out, and who waits for them.
    filling.add("hourly-1", {"queue": "hourly", "key": "a", "payload": 1}, state="succeeded")
    filling.add("hourly-2", {"queue": "hourly", "key": "b", "payload": 1})
    filling.add("daily-1", {"queue": "daily", "key": "a", "payload": 1, "weight": 2}, state="succeeded")
    filling.add("daily-2", {"queue": "daily", "key": "a", "payload": 1, "weight": 2})

    # What responses have taught: at a shared limit, at one for each key, and where there is none.
    for name, queue in ("busy", "throttled"), ("busy-key", "throttled-keys"), ("busy-lane", "throttled-lane"):
        filling.add(name, path("busy", queue=queue, key="a"))
        filling.service.until(lambda: filling.service.get("/v1/jobs/" + filling.jobs[name])["attempts"])

    # What waits for a moment.
    filling.add("retried", path("down", queue="retried", callback=callback("ok")["callback"]))
    filling.add("retried-long", path("down", queue="retried-long"))
    for name in "retried", "retried-long":
        filling.service.until(lambda: filling.service.get("/v1/jobs/" + filling.jobs[name])["failures"] == 1)
    filling.add("delayed", {"queue": "quick", "payload": 1, "delaySeconds": 60})
    filling.add("delayed-long", {"queue": "quick", "payload": 1, "delaySeconds": 5400})
    filling.add("not-before", {"queue": "quick", "payload": 1, "notBefore": at(hours=1)})
    filling.add("not-before-long", {"queue": "quick", "payload": 1, "notBefore": at(days=30)})
    filling.add("wanted-before", {"queue": "paused", "payload": 1, "startBefore": at(hours=1), "priority": -9})

    # What waits for its turn: by priority, then age; by key.
    for name, job in {"third": {"priority": 0}, "first": {"priority": 50}, "fourth": {"priority": 0}, "second": {"priority": 1}, "gold": {"key": "gold", "weight": 6}}.items():
        filling.add("paused-" + name, {"queue": "paused", "payload": {"name": name}, "tags": {"turn": name}, **job})

    # Signals: one set, one that is waited for; behind it a lock and a moment.
    call("PUT", "/v1/signals/open-door")
    filling.add("let-in", {"queue": "quick", "payload": 1, "waitFor": {"signal": "open-door"}}, state="succeeded")
    filling.add("shut-out", {"queue": "quick", "payload": 1, "waitFor": {"signal": "shut-door"}})
    filling.add("shut-out-locked", {"queue": "quick", "payload": 1, "waitFor": {"signal": "shut-door"}, "lock": "free"})
    filling.add("delayed-signalled", {"queue": "quick", "payload": 1, "waitFor": {"signal": "shut-door"}, "delaySeconds": 60})

    # What runs, and who stands in the line of its lock. One has no attempt left.
    filling.add("running", path("held", queue="held", key="a", lock="account-42", maxAttempts=2), state="running")
    filling.add("poison", path("held", queue="held", key="b", maxAttempts=1), state="running")
    filling.add("behind-limits", path("echo", queue="held", key="c"))
    for name, priority in ("locked-second", 0), ("locked-first", 5):
        filling.add(name, {"queue": "quick", "payload": 1, "lock": "account-42", "priority": priority})

    # An upload that goes on when the service dies.
    upload = socket.create_connection(("127.0.0.1", filling.service.port))
    line = b'{"payload": {"open": true}}\n'
    upload.sendall(b"POST /v1/batches?queue=quick HTTP/1.1\r\nhost: here\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(line), line))
    opened = filling.service.until(lambda: [job["batch"]["id"] for job in filling.service.get("/v1/jobs?queue=quick&state=succeeded&limit=1")["items"] if job.get("batch")])
    filling.batches["open"] = opened[0]

    # A batch that is told to stop while one of it runs: more jobs than are told in one turn.
    filling.batch("stopping", {"queue": "paused", "jobs": [{"queue": "calls", **path("held")}] + [{"payload": 1}] * (BATCH_THAT_STOPS - 1)})
    filling.service.until(lambda: filling.service.get("/v1/batches/" + filling.batches["stopping"])["counts"]["running"] == 1)
    return upload


def hits_the_moment(file):
    """Some jobs of the batch are still to be told to stop, and the one that runs has been told."""
    with tempfile.TemporaryDirectory() as folder:
        for name in os.listdir(os.path.dirname(file)):
            if name.startswith("jobs.db") and not name.endswith("-shm"):
                shutil.copy(os.path.join(os.path.dirname(file), name), folder)
        database = sqlite3.connect(os.path.join(folder, "jobs.db"))  # a copy: nothing else looks at it
        stopping = database.execute("SELECT count(*) FROM batches WHERE stop_from > 0").fetchone()[0]
        told = database.execute("SELECT count(*) FROM jobs WHERE state = 1 AND cancel_reason IS NOT NULL").fetchone()[0]
        running = database.execute("SELECT count(*) FROM jobs WHERE state = 1").fetchone()[0]
        database.close()
    print(f"batches that stop: {stopping}, running jobs: {running}, of them told to stop: {told}", file=sys.stderr)
    return (stopping, running, told) == (1, 3, 1)


def main(program, target):
    api = http.server.ThreadingHTTPServer(API, Api)
    api.daemon_threads = True
    threading.Thread(target=api.serve_forever, daemon=True).start()
    for _ in range(40):
        with tempfile.TemporaryDirectory() as folder:
            service = Service(program, folder)
            try:
                filling = Filling(service)
                upload = fill(filling)
                known = filling.known()
                threading.Thread(target=post, args=(service, f"/v1/batches/{filling.batches['stopping']}/cancel"), daemon=True).start()
                time.sleep(random.uniform(0.005, 0.04))
            finally:
                service.kill()
            known["killedAt"] = datetime.now(timezone.utc).isoformat()
            upload.close()
            file = os.path.join(folder, "jobs.db")
            if not hits_the_moment(file):
                continue
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
                for name in "jobs.db", "jobs.db-wal":
                    archive.write(os.path.join(folder, name), name)
                archive.writestr("known.json", json.dumps(known, indent=1, ensure_ascii=False))
            print(f"{target}: {os.path.getsize(target)} bytes", file=sys.stderr)
            return
    sys.exit("The moment was never hit.")


def post(service, path):
    try:
        service.call("POST", path)
    except (OSError, RuntimeError):
        pass  # it is killed meanwhile


if __name__ == "__main__":
    main(*sys.argv[1:])
