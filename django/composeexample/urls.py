"""All addresses of the application. The probes are not here: a middleware answers them."""

from django.urls import include, path

urlpatterns = [path("", include("guestbook.urls"))]
