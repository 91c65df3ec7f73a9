import json

from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from delivery.compatibility import Judgement, judge, tables_created


class Command(BaseCommand):
    """
    Prints on its last line, as JSON, which migrations `migrate_locked` would apply, and whether the release that serves
    now goes on working after each: {"migrations": [{"name", "compatible": "yes" | "no" | "unknown", "why"}]}.
    Changes nothing.
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
        self.stdout.write(json.dumps({"migrations": migrations}))
