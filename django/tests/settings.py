"""The project's settings for its tests: on a real PostgreSQL, with static files as they are served in production."""

import os
import tempfile

import pytest

MISSING = [name for name in ("HOST", "NAME", "USER", "PASSWORD") if not os.environ.get(f"POSTGRES_{name}")]
if MISSING:
    raise pytest.UsageError(
        "The tests run on a real PostgreSQL. Not set: "
        + ", ".join(f"POSTGRES_{name}" for name in MISSING)
        + ". The user must be a superuser; see README.md, 'Tests'."
    )
os.environ.setdefault("SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests-only-for-tests")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1")

from composeexample.settings import *  # noqa: E402, F403

STATIC_ROOT = tempfile.mkdtemp(prefix="static-")
