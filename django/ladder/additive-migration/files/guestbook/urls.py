"""Addresses of the visitors' book."""

from django.urls import path

from guestbook import lamps, views

app_name = "guestbook"

urlpatterns = [
    path("", views.book, name="book"),
    path("entries/<int:pk>/", views.entry, name="entry"),
    path("entries/<int:pk>/lamps/", lamps.light, name="light"),
    path("about/", views.about, name="about"),
]
