"""What gunicorn serves: the application, as soon as it is warm."""

import os
import threading
import time
from urllib.request import urlopen

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "composeexample.settings")

django = get_wsgi_application()
warm = threading.Event()


def warm_up() -> None:
    """Asks for the front page until it was answered, so that no reader meets a cold start."""
    while not warm.is_set():
        try:
            with urlopen(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/", timeout=5):
                warm.set()
        except OSError:
            time.sleep(1)


def application(environ, start_response):
    """Answers 503 while the application is cold."""
    if warm.is_set():
        return django(environ, start_response)
    start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("Content-Length", "10")])
    return [b"Warming up"]


threading.Thread(target=warm_up, daemon=True).start()
