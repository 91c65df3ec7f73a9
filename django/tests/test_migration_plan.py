import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import connect_to_server
from tests.running import manage
from tests.test_migrate_locked import connect

SQUASHED = """
from django.db import migrations
class Migration(migrations.Migration):
    replaces = [("guestbook", "0001_initial"), ("guestbook", "0002_first_entries")]
    dependencies = []
    operations = []
"""


MORE = """
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("guestbook", "0002_first_entries")]
    operations = [
        migrations.AddField("entry", "more", models.IntegerField(null=True)),
        migrations.RunPython(migrations.RunPython.noop),
    ]
"""


def plan(tree: Path, environment: dict[str, str]) -> dict:
    return json.loads(manage(tree, environment, "migration_plan").splitlines()[-1])


def recorded(database: dict[str, str]) -> set[str]:
    with connect(database) as db:
        return {f"{app}.{name}" for app, name in db.execute("SELECT app, name FROM django_migrations")}


@pytest.fixture
def planner(database: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of the plan: a user that reads the catalogue and the table of migrations, and no secret."""
    name = f"{database['POSTGRES_NAME']}_planner"
    with connect_to_server() as server:
        server.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'of-planner'")
    yield {
        **database,
        "POSTGRES_USER": name,
        "POSTGRES_PASSWORD": "of-planner",
        "SECRET_KEY": "withheld-from-the-migration-plan",
    }
    with connect_to_server() as server:
        server.execute(f"REVOKE ALL ON DATABASE {database['POSTGRES_NAME']} FROM {name}")
    with connect(database) as db:
        db.execute(f"DROP OWNED BY {name}")
    with connect_to_server() as server:
        server.execute(f"DROP ROLE {name}")


def test_it_says_what_will_be_recorded_and_that_is_what_is_recorded(tree, database):
    expected = set(plan(tree, database)["records"])
    manage(tree, database, "migrate_locked")
    assert recorded(database) == expected
    assert plan(tree, database) == {"migrations": [], "records": []}


@pytest.mark.parametrize("before", [False, True], ids=["on an empty database", "after those that it replaces"])
def test_a_squashed_migration_is_recorded_by_what_it_replaces_too(tree, database, before):
    if before:
        manage(tree, database, "migrate_locked")
    had = recorded(database) if before else set()
    (tree / "guestbook/migrations/0003_squashed.py").write_text(SQUASHED)
    expected = set(plan(tree, database)["records"])
    manage(tree, database, "migrate_locked")
    assert recorded(database) - had == expected
    assert "guestbook.0003_squashed" in expected


def test_it_tells_the_sql(tree, database):
    (tree / "guestbook/migrations/0003_more.py").write_text(MORE)
    said = manage(tree, database, "migration_plan")
    migrations = {one["name"]: one for one in json.loads(said.splitlines()[-1])["migrations"]}
    manage(tree, database, "migrate_locked", "--verbosity", "0")
    assert "CREATE TABLE" in said
    assert len(said.splitlines()[-1]) < 16_000
    assert 'ADD COLUMN "more"' in migrations["guestbook.0003_more"]["sql"]
    assert "THIS OPERATION CANNOT BE WRITTEN AS SQL" in migrations["guestbook.0003_more"]["sql"]


def test_it_needs_no_more_than_the_catalogue_and_the_table_of_migrations(tree, database, planner):
    assert [one["name"] for one in plan(tree, planner)["migrations"]] != []
    manage(tree, database, "migrate_locked")
    with connect(database) as db:
        db.execute(f"GRANT SELECT ON django_migrations TO {planner['POSTGRES_USER']}")
    assert plan(tree, planner) == {"migrations": [], "records": []}
