"""Serves the WSGI application of a module of this folder: serve.py MODULE [ARGUMENT]."""
import importlib
import os
import sys
import time

from waitress import serve

limited = importlib.import_module("limiter_" + sys.argv[1]).application(*sys.argv[2:])
log = open(os.environ["ACCESS_LOG"], "a", buffering=1)


def logged(environ, start_response):
    """Outside of the limiter: writes down when each request came and how it was answered."""
    if environ["PATH_INFO"] == "/__ready":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    came = time.time() * 1000

    def start(status, headers, *more):
        log.write(f"{came:.3f} {status[:3]} {environ.get('HTTP_X_JOB_ID', '-')}\n")
        return start_response(status, headers, *more)

    return limited(environ, start)


serve(logged, host="127.0.0.1", port=int(os.environ["PORT"]), threads=8, _quiet=True)
