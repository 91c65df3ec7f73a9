"""Answers what load balancer and orchestrator ask: is it alive, is it ready, which release is it."""

import logging
from collections.abc import Callable

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from composeexample.release import RELEASE

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


def livez() -> HttpResponse:
    """200 while the process serves. Asks no database: else its short pause would restart every task at once."""
    return JsonResponse({"status": "alive"})


def readyz() -> HttpResponse:
    """200 while the database answers too, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        logger.warning("The database cannot be reached: %s", error)
        return JsonResponse({"status": "the database cannot be reached"}, status=503)
    return JsonResponse({"status": "ready"})


def version() -> HttpResponse:
    """Proof of which release, in which slot, answered."""
    return JsonResponse(RELEASE)


class ProbeMiddleware:
    """
    Answers the probes before anything else looks at the request: they come with the target's address as Host, without
    cookies, and must not be redirected.
    """

    probes = {"/livez": livez, "/readyz": readyz, "/version": version}

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = self.probes.get(request.path_info)
        if probe is None or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        response = probe()
        response["Cache-Control"] = "no-store"
        response["Content-Length"] = str(len(response.content))
        return response
