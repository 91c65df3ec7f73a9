"""The pages of the visitors' book."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from guestbook.forms import EntryForm
from guestbook.models import Entry

PAGE_SIZE = 12
# A bigint has at most this many digits and every such number fits.
MAX_DIGITS = 18


def older_than(request: HttpRequest) -> int | None:
    """The entry before which a page begins, `?before=<id>`; anything else than a number is as if not said."""
    before = request.GET.get("before", "")
    return int(before) if before.isascii() and before.isdigit() and len(before) <= MAX_DIGITS else None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest) -> HttpResponse:
    """The newest entries, and the form that adds one."""
    form = EntryForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        entry = form.save()
        messages.success(request, f"Thank you, {entry.name}. Your line is in the book.")
        return redirect("guestbook:book")

    before = older_than(request)
    entries = Entry.objects.all()
    if before is not None:
        entries = entries.filter(pk__lt=before)
    # One more than is shown tells whether there is an older page, without counting the table.
    found = list(entries[: PAGE_SIZE + 1])
    context = {
        "form": form,
        "entries": found[:PAGE_SIZE],
        "older": found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None,
        "first_page": before is None,
    }
    return render(request, "guestbook/book.html", context, status=422 if form.errors else 200)


@never_cache
@require_safe
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry on a page of its own, to be linked to."""
    return render(request, "guestbook/entry.html", {"entry": get_object_or_404(Entry, pk=pk)})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this is, and how it gets here."""
    return render(request, "guestbook/about.html")
