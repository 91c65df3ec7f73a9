from django.apps import AppConfig


class GuestbookConfig(AppConfig):
    """The visitors' book of the lighthouse."""

    name = "guestbook"
