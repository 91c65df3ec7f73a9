"""Reads the settings that the process is given as environment variables."""

import os

from django.core.exceptions import ImproperlyConfigured


def required(name: str) -> str:
    """The variable's value. Missing or empty is an error: nothing here has a default that is unsafe in production."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"The environment variable {name} is not set.")
    return value


def optional(name: str, default: str) -> str:
    """The variable's value; an empty one counts as not given."""
    return os.environ.get(name) or default


def flag(name: str) -> bool:
    """Whether the variable says yes. Anything but a plain yes or no is an error, so that a typing error is not a no."""
    value = os.environ.get(name, "").lower()
    if value in {"1", "true", "yes"}:
        return True
    if value in {"", "0", "false", "no"}:
        return False
    raise ImproperlyConfigured(f"The environment variable {name} must be 1 or 0, not {value!r}.")


def words(text: str) -> list[str]:
    """The parts of a list written with commas."""
    return [word.strip() for word in text.split(",") if word.strip()]
