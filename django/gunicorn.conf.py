"""How gunicorn serves: read by itself from the folder it is started in."""

import os
import tempfile

from composeexample.logs import JsonFormatter

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"

# One process with a few threads a task: the service grows by tasks. Each thread keeps a database connection.
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "4"))

# Longer than the load balancer keeps an idle connection (60 s): else it may send a request into a connection that is
# just being closed, and answers 502.
keepalive = 75

# After SIGTERM requests in flight get this long; the orchestrator's stopTimeout, 30 s or more, must be longer.
graceful_timeout = 25
timeout = 60

# The heartbeat file must not lie on a disk, which may block, nor on the root file system, which is read-only.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()
control_socket_disable = True

logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonFormatter}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # The load balancer logs every request; here only errors are of interest, and Django writes those.
        "gunicorn.access": {"handlers": [], "level": "WARNING", "propagate": False},
    },
}
