"""What the tests share: collected static files, an empty database for each test, and gunicorn as it really serves."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from tests.running import Served, manage

TREE = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Says in one line that the server cannot be reached, in place of a traceback for every test."""
    try:
        connect_to_server().close()
    except psycopg.OperationalError as error:
        at = connections["default"].settings_dict
        pytest.exit(f"PostgreSQL at {at['HOST']}:{at['PORT']} cannot be reached: {error}", returncode=2)


@pytest.fixture(scope="session", autouse=True)
def static_files() -> Iterator[Path]:
    """The static files, collected."""
    call_command("collectstatic", interactive=False, verbosity=0)
    yield Path(settings.STATIC_ROOT)
    shutil.rmtree(settings.STATIC_ROOT)


def connect_to_server() -> psycopg.Connection:
    """A connection to the database `postgres` of the server, each statement by itself."""
    at = connections["default"].settings_dict
    return psycopg.connect(
        host=at["HOST"],
        port=at["PORT"],
        user=at["USER"],
        password=at["PASSWORD"],
        dbname="postgres",
        connect_timeout=5,
        autocommit=True,
    )


@pytest.fixture
def database() -> Iterator[dict[str, str]]:
    """An empty database; the environment of a process that is to use it."""
    name = f"book_{uuid.uuid4().hex[:12]}"
    with connect_to_server() as server:
        server.execute(f"CREATE DATABASE {name}")
    environment = {
        **os.environ,
        "POSTGRES_NAME": name,
        "ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_SETTINGS_MODULE": "composeexample.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
        "FAROL_VERSION": "v9.9.9",
        "FAROL_DIGEST": "sha256:" + "a" * 64,
        "FAROL_COMMIT": "b" * 40,
        "FAROL_SLOT": "green",
    }
    yield environment
    with connect_to_server() as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the application's tree, to be changed and run."""
    copy = tmp_path / "tree"
    shutil.copytree(TREE, copy, ignore=shutil.ignore_patterns("ladder", "tests", "staticfiles", ".*", "__pycache__"))
    return copy


@pytest.fixture
def serve(database: dict[str, str]) -> Iterator[Callable[..., Served]]:
    """Starts gunicorn in a tree, by release.json's command; ends what is left of it after the test."""
    started: list[Served] = []

    def start(tree: Path, *, migrate: bool = True, **environment: str) -> Served:
        if migrate:
            manage(tree, database, "migrate_locked")
        manage(tree, database, "collect_release")
        served = Served(tree, {**database, **environment})
        started.append(served)
        return served

    yield start
    for served in started:
        served.end()
