"""How long a statement of a migration may wait for a lock."""

import os

from django.core.management.base import CommandError


def lock_timeout_ms() -> int:
    """MIGRATE_LOCK_TIMEOUT_MS; 0 or not given: without end."""
    text = os.environ.get("MIGRATE_LOCK_TIMEOUT_MS") or "0"
    if not text.isdecimal():
        raise CommandError(f"MIGRATE_LOCK_TIMEOUT_MS must be a number of milliseconds, not {text!r}.")
    return int(text)
