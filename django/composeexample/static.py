"""
Static files while two releases answer at once.

A page of one release may send its browser to the other for a style sheet. An older page finds its files, because the
image carries those of releases before it (see collect_release). A newer page's files cannot be here yet: it
gets this release's file of the same name instead, not to be kept.
"""

import re
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

HASHED = re.compile(r"^(?P<stem>.+)\.[0-9a-f]{12}(?P<extension>\.[^./]+)$")


class StaticMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise, and this release's file for one whose hash only another release knows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse] | None = None) -> None:
        super().__init__(get_response, settings)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = super().__call__(request)
        path = request.path_info
        if response.status_code != HTTPStatus.NOT_FOUND or not path.startswith(settings.STATIC_URL):
            return response
        stand_in = self.of_this_release(path)
        if stand_in is None:
            return response
        response = self.serve(stand_in, request)
        response["Cache-Control"] = "no-store"
        return response

    def of_this_release(self, path: str):
        """WhiteNoise's file of the same name with this release's hash; None: this release has none."""
        match = HASHED.match(path.removeprefix(settings.STATIC_URL))
        if match is None:
            return None
        hashed = getattr(staticfiles_storage, "hashed_files", {}).get(match["stem"] + match["extension"])
        return self.files.get(settings.STATIC_URL + hashed) if hashed else None
