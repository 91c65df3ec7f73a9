"""What every template may show."""

import time
from collections import deque

from django.http import HttpRequest

from composeexample.release import RELEASE

NUMBERS = ["nobody", "one", "two", "three", "four", "five", "six", "seven", "eight"]
SECONDS = 5

pages: deque[float] = deque()


def release(request: HttpRequest) -> dict[str, object]:
    """The release that answers, and how many pages were read in the last seconds, for the foot of each page."""
    now = time.monotonic()
    pages.append(now)
    while pages[0] < now - SECONDS:
        pages.popleft()
    return {"release": RELEASE, "pages_read": NUMBERS[len(pages)]}
