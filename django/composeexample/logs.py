"""Log lines as JSON, one object a line, as log stores search them."""

import json
import logging
from datetime import datetime, timezone
from traceback import format_exception_only

from composeexample.release import RELEASE


class JsonFormatter(logging.Formatter):
    """
    Formats a record as one line of JSON: time (UTC), level, logger, message, version, slot; for a request its method,
    path and status, and the name that the load balancer gave it (X-Amzn-Trace-Id), by which its own log and X-Ray know
    it; for an exception what it says, and its traceback. Neither query string, cookies nor body are ever written.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "version": RELEASE["version"],
            "slot": RELEASE["slot"],
        }
        request = getattr(record, "request", None)
        if hasattr(request, "method"):
            line |= {"method": request.method, "path": request.path, "status": getattr(record, "status_code", None)}
            # A client that reaches the task without the load balancer could send a long one.
            line["trace"] = request.META.get("HTTP_X_AMZN_TRACE_ID", "")[:200] or None
        if record.exc_info and record.exc_info[0] is not None:
            # Before the traceback, so that a truncated line still says what went wrong.
            line["error"] = "".join(format_exception_only(*record.exc_info[:2])).strip()
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
