import sys
import traceback

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg.errors import LockNotAvailable

from delivery.lock_timeout import lock_timeout_ms

# Any number will do, as long as every release uses the same: these are the letters of "farol".
LOCK = 0x6661726F6C
# sysexits.h's EX_TEMPFAIL: nothing is wrong, try again later.
TRY_AGAIN = 75


class Command(BaseCommand):
    """
    Runs `migrate` for one process at a time.

    Exit code 0: done, or nothing to do. 75: another process migrates, or a lock on a table was not had in time; nothing
    of the migration is left, so that it may begin again. 1: failed; the last line names the migration and the reason.
    MIGRATE_LOCK_TIMEOUT_MS: how long, in milliseconds, a statement may wait for a lock, with users' requests queueing
    behind it. 0 or not given: without end.
    """

    help = "Applies the pending migrations, unless another process is at it."
    requires_system_checks = []

    def handle(self, *args, **options) -> None:
        lock_timeout = lock_timeout_ms()
        try:
            # The lock belongs to the session that runs the statements: if this process is killed and the server goes on
            # with a statement, nobody else can begin until that has ended.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
                if not cursor.fetchone()[0]:
                    self.stderr.write("Busy: another process is migrating this database.")
                    sys.exit(TRY_AGAIN)
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [str(lock_timeout)])
                cursor.execute("SET statement_timeout = 0")
                cursor.execute("SET idle_in_transaction_session_timeout = 0")
                # The server looks every second whether this process still lives, and else gives up the statement.
                cursor.execute("SET client_connection_check_interval = 1000")
            call_command("migrate", interactive=False, verbosity=options["verbosity"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the last line must say it
            traceback.print_exc()
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Ends the process; the last line says which migration failed and why, in one sentence."""
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        try:
            executor = MigrationExecutor(connection)
            migration = executor.migration_plan(executor.loader.graph.leaf_nodes())[0][0]
        except Exception:  # noqa: BLE001 - the connection may be what failed
            self.stderr.write(f"The migration failed: {reason}")
            sys.exit(1)
        if not migration.atomic:
            self.stderr.write(f"Migration {migration} failed half-way, a person must look at the database: {reason}")
            sys.exit(1)
        if isinstance(error.__cause__, LockNotAvailable):
            self.stderr.write(
                f"Busy: migration {migration} did not get a lock in time, nothing of it is left: {reason}"
            )
            sys.exit(TRY_AGAIN)
        self.stderr.write(f"Migration {migration} failed, nothing of it is left: {reason}")
        sys.exit(1)
