"""What every template may show."""

from django.http import HttpRequest

from composeexample.release import RELEASE


def release(request: HttpRequest) -> dict[str, object]:
    """The release that answers, for the foot of each page."""
    return {"release": RELEASE}
