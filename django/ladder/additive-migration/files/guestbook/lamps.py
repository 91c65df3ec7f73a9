"""Lamps that readers light for a line they like."""

from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from guestbook.models import Entry


@require_POST
def light(request: HttpRequest, pk: int) -> HttpResponse:
    """Lights one more lamp. The database adds, so that no two readers light the same one."""
    if not Entry.objects.filter(pk=pk).update(lamps=F("lamps") + 1):
        raise Http404
    return redirect(f"/#entry-{pk}")
