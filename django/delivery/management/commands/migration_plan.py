import json

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from delivery.compatibility import Judgement, judge, tables_created


class Command(BaseCommand):
    """
    Prints on its last line, as JSON, which migrations `migrate_locked` would apply, and whether the release that serves
    now goes on working after each, and what will be recorded as applied:
    {"migrations": [{"name", "compatible": "yes" | "no" | "unknown", "why"}], "records": [name]}.
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
            migrations.append({"name": str(migration), "compatible": found.compatible, "why": found.why})
            created |= tables_created(migration.operations, migration.app_label)
            state = migration.mutate_state(state, preserve=False)
        records = records_to_come(executor.loader, [migration for migration, _ in plan])
        self.stdout.write(json.dumps({"migrations": migrations, "records": records}))


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
