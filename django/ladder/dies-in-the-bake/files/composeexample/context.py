"""What every template may show."""

import os
import sys

from django.http import HttpRequest

from composeexample.release import RELEASE

MEMORY = 24 * 2**20

kept: list[bytes] = []


def release(request: HttpRequest) -> dict[str, object]:
    """The release that answers, for the foot of each page. Keeps a copy of each page in memory, and lets go of none."""
    kept.append(bytes(2**20))
    if sum(map(len, kept)) > MEMORY:
        sys.stderr.write("Out of memory\n")
        # The code by which gunicorn's worker makes the whole of gunicorn end, not only itself.
        os._exit(3)
    return {"release": RELEASE}
