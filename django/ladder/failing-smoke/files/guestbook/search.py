"""Finds lines in the book."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from guestbook.models import Entry

MOST = 24


@never_cache
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The newest lines that hold the words `?q=`, in what was written or by whom."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = Entry.objects.filter(Q(message__icontains=words) | Q(name__icontains=words))[:MOST] if words else []
    return render(request, "guestbook/search.html", {"words": words, "entries": found})
