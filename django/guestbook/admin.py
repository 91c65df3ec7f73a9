"""For the people who look after the book."""

from django.contrib import admin

from guestbook.models import Entry

admin.site.register(Entry)
