"""Addresses of the visitors' book."""

from django.urls import path

from guestbook import views

app_name = "guestbook"

urlpatterns = [
    path("", views.book, name="book"),
    path("entries/<int:pk>/", views.entry, name="entry"),
    path("about/", views.about, name="about"),
]
