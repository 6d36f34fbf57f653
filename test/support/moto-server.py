"""moto with its conditional writes one at a time, as S3 makes them: moto checks If-Match and writes in two steps, and another thread may come between."""

import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

application = DomainDispatcherApplication(create_backend_app)
one_at_a_time = threading.Lock()


def serialised(environ, start_response):
    if environ["REQUEST_METHOD"] not in ("PUT", "DELETE"):
        return application(environ, start_response)
    with one_at_a_time:
        return list(application(environ, start_response))


run_simple("127.0.0.1", int(sys.argv[1]), serialised, threaded=True)
