import sys
import traceback

import psycopg
from django.core.management.base import BaseCommand
from django.db import connection

from composeexample.environment import optional, required
from delivery.bootstrap import Login, RefusedError, Roles, bootstrap
from delivery.lock_timeout import lock_timeout_ms


class Command(BaseCommand):
    """
    Makes the database's roles and gives each its rights (see delivery/bootstrap.py); a second run finds nothing to do.
    It connects, like every command, as POSTGRES_USER: here the database's administrator.

    POSTGRES_OWNER, POSTGRES_MIGRATOR, POSTGRES_APPLICATION: the roles' names.
    POSTGRES_MIGRATOR_PASSWORD, POSTGRES_APPLICATION_PASSWORD: their passwords; without one a role is let in by IAM.
    MIGRATE_LOCK_TIMEOUT_MS: as for migrate_locked.
    Exit code 0: done. 1: failed, and nothing of it is left; the last line says why.
    """

    help = "Makes the roles that own, migrate and use the database."
    requires_system_checks = []

    def handle(self, *args, **options) -> None:
        roles = Roles(
            owner=required("POSTGRES_OWNER"),
            migrator=Login(required("POSTGRES_MIGRATOR"), optional("POSTGRES_MIGRATOR_PASSWORD", "") or None),
            application=Login(required("POSTGRES_APPLICATION"), optional("POSTGRES_APPLICATION_PASSWORD", "") or None),
            lock_timeout_ms=lock_timeout_ms(),
        )
        changes = 0
        try:
            connection.ensure_connection()
            for what in bootstrap(connection.connection, roles, by_iam=optional("POSTGRES_AUTH", "") == "iam"):
                changes += 1
                self.stdout.write(what)
        except RefusedError as error:
            self.fail(str(error))
        except (psycopg.Error, connection.Database.Error) as error:
            traceback.print_exc()
            self.fail(f"{type(error).__name__}: {error}".splitlines()[0])
        self.stdout.write(
            f"The database is ready: {f'{changes} statements were executed' if changes else 'there was nothing to do'}."
        )

    def fail(self, reason: str) -> None:
        # The reason is the last line, also where what was done before waits in a buffer.
        self.stdout.flush()
        self.stderr.write(f"The database could not be prepared, and is as it was: {reason}")
        sys.exit(1)
