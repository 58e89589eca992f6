from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address


def application(strategy):
    app = Flask(__name__)
    limiter = Limiter(get_remote_address, app=app, default_limits=["10 per second"], storage_uri="memory://", strategy=strategy, headers_enabled=True)

    @app.get("/")
    def root():
        return {"ok": True}

    return app
