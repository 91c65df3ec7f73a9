import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.running import DEADLINE, manage, wait_for

FAILING = """
from django.db import migrations
def fill(apps, schema_editor):
    raise ValueError("a row that nobody thought of")
class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = [("guestbook", "0002_first_entries")]
    operations = [migrations.RunSQL("CREATE TABLE half (id int)"), migrations.RunPython(fill)]
"""
WAITING = """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("guestbook", "0002_first_entries")]
    operations = [migrations.RunSQL("SELECT pg_advisory_lock(7)")]
"""
ALTERING = """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("guestbook", "0002_first_entries")]
    operations = [migrations.RunSQL("ALTER TABLE guestbook_entry ADD COLUMN more int")]
"""


def connect(database: dict[str, str]) -> psycopg.Connection:
    names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
    given = {key: database[f"POSTGRES_{name}"] for key, name in names.items() if f"POSTGRES_{name}" in database}
    return psycopg.connect(**given, autocommit=True)


def add_migration(tree: Path, text: str) -> None:
    (tree / "guestbook/migrations/0003_next.py").write_text(text)


def tables(database: dict[str, str]) -> set[str]:
    with connect(database) as db:
        return {row[0] for row in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_it_migrates_and_does_nothing_the_second_time(tree, database):
    assert "Applying guestbook.0001_initial" in manage(tree, database, "migrate_locked")
    assert "guestbook_entry" in tables(database)
    assert "No migrations to apply" in manage(tree, database, "migrate_locked")


def test_a_second_one_is_told_to_try_again(tree, database):
    manage(tree, database, "migrate_locked")
    add_migration(tree, WAITING)
    with connect(database) as holder:
        holder.execute("SELECT pg_advisory_lock(7)")
        first = subprocess.Popen([sys.executable, "manage.py", "migrate_locked"], cwd=tree, env=database)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
        wait_for(lambda: holder.execute(waiting).fetchone()[0] == 1)
        assert "Busy: another process" in manage(tree, database, "migrate_locked", code=75).splitlines()[-1]
        holder.execute("SELECT pg_advisory_unlock(7)")
        assert first.wait(DEADLINE) == 0
    assert "No migrations to apply" in manage(tree, database, "migrate_locked")


def test_a_killed_one_gives_up_its_statement_and_the_lock(tree, database):
    manage(tree, database, "migrate_locked")
    add_migration(tree, WAITING)
    with connect(database) as holder:
        holder.execute("SELECT pg_advisory_lock(7)")
        first = subprocess.Popen([sys.executable, "manage.py", "migrate_locked"], cwd=tree, env=database)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
        wait_for(lambda: holder.execute(waiting).fetchone()[0] == 1)
        first.kill()
        first.wait(DEADLINE)
        wait_for(lambda: holder.execute(waiting).fetchone()[0] == 0)
    assert "Applying guestbook.0003_next" in manage(tree, database, "migrate_locked")


def test_a_table_in_use_is_waited_for_no_longer_than_said(tree, database):
    manage(tree, database, "migrate_locked")
    add_migration(tree, ALTERING)
    impatient = {**database, "MIGRATE_LOCK_TIMEOUT_MS": "50"}
    with connect(database) as reader, reader.transaction():
        reader.execute("SELECT * FROM guestbook_entry")
        said = manage(tree, impatient, "migrate_locked", code=75).splitlines()[-1]
    assert said.startswith("Busy: migration guestbook.0003_next did not get a lock in time")
    manage(tree, impatient, "migrate_locked")


@pytest.mark.parametrize("timeout", ["1s", "-1", "1.5"])
def test_a_lock_timeout_that_is_no_number_is_refused(tree, database, timeout):
    said = manage(tree, {**database, "MIGRATE_LOCK_TIMEOUT_MS": timeout}, "migrate_locked", code=1)
    assert "MIGRATE_LOCK_TIMEOUT_MS must be a number" in said
    assert "guestbook_entry" not in tables(database)


def test_a_failure_names_the_migration_and_leaves_nothing(tree, database):
    add_migration(tree, FAILING.format(atomic=True))
    said = manage(tree, database, "migrate_locked", code=1).splitlines()[-1]
    assert said == (
        "Migration guestbook.0003_next failed, nothing of it is left: ValueError: a row that nobody thought of"
    )
    assert "half" not in tables(database)


def test_a_failure_half_way_wants_a_person(tree, database):
    add_migration(tree, FAILING.format(atomic=False))
    said = manage(tree, database, "migrate_locked", code=1).splitlines()[-1]
    assert "guestbook.0003_next failed half-way, a person must look at the database" in said
    assert "half" in tables(database)


def test_no_database_is_one_line_at_the_end(tree, database):
    said = manage(tree, {**database, "POSTGRES_PORT": "1"}, "migrate_locked", code=1).splitlines()[-1]
    assert said.startswith("The migration failed: OperationalError")
