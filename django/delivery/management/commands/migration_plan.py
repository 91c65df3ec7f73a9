import json

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from delivery.compatibility import Judgement, judge, tables_created

# Of all migrations together, so that the last line stays below 16 KB with names and reasons.
SQL_CHARACTERS = 8000


class Command(BaseCommand):
    """
    Prints on its last line, as JSON, which migrations `migrate_locked` would apply, and whether the release that serves
    now goes on working after each, and what will be recorded as applied:
    {"migrations": [{"name", "compatible": "yes" | "no" | "unknown", "why", "sql"}], "records": [name]}.
    Changes nothing, and reads the catalogue and the table django_migrations alone.
    """

    help = "Prints the pending migrations and whether the old code goes on working after each."

    def handle(self, *args, **options) -> None:
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        state = executor._create_project_state(with_applied_migrations=True)
        empty = not executor.loader.applied_migrations
        created: frozenset[tuple[str, str]] = frozenset()
        migrations = []
        for migration, _ in plan:
            found = (
                Judgement("yes", "the database is empty: no release reads it")
                if empty
                else judge(migration, state, created)
            )
            sql = sql_of(executor.loader, migration)
            migrations.append({"name": str(migration), "compatible": found.compatible, "why": found.why, "sql": sql})
            created |= tables_created(migration.operations, migration.app_label)
            state = migration.mutate_state(state, preserve=False)
        # Whole in the log, of which a machine reads the last line: one that is longer than 16 KB is split there.
        for one in migrations:
            self.stdout.write(f"-- {one['name']}\n{one['sql']}")
        share = SQL_CHARACTERS // max(1, len(migrations))
        for one in migrations:
            one["sql"] = shortened(one["sql"], share)
        records = records_to_come(executor.loader, [migration for migration, _ in plan])
        self.stdout.write(json.dumps({"migrations": migrations, "records": records}))


def sql_of(loader: MigrationLoader, migration: Migration) -> str:
    """What the migration would execute, as `sqlmigrate` says it. What is no SQL is a comment in its place."""
    try:
        return "\n".join(loader.collect_sql([(migration, False)]))
    except Exception as error:  # noqa: BLE001 - it needs what an earlier pending migration makes, or the like
        return f"-- Its SQL cannot be told before the migrations before it are applied ({type(error).__name__})."


def shortened(sql: str, most: int) -> str:
    """The SQL, or as much of it as there is room for; the rest is in the log."""
    return sql if len(sql) <= most else f"{sql[:most]}\n-- ... {len(sql) - most} characters more in the plan's log"


def records_to_come(loader: MigrationLoader, plan: list[Migration]) -> list[str]:
    """
    The rows that django_migrations will have more. A squashed migration is recorded by those that it replaces, and by
    itself once all of them are (Django's MigrationExecutor: record_migration and check_replacements).
    """
    # Not the loader's applied migrations: it counts a squashed one in before it is recorded.
    recorded = set(MigrationRecorder(loader.connection).applied_migrations())
    added: list[tuple[str, str]] = []
    for migration in plan:
        added += migration.replaces or [(migration.app_label, migration.name)]
    recorded.update(added)
    for key, migration in loader.replacements.items():
        if key not in recorded and all(replaced in recorded for replaced in migration.replaces):
            added.append(key)
    return [f"{app}.{name}" for app, name in added]
