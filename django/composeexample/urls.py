"""All addresses of the application. The probes are not here: a middleware answers them."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("guestbook.urls"))]
