"""
The database's roles and what each may do.

- The owner owns every object, and never logs in.
- The migrator logs in, and is the owner from its first statement on.
- The application logs in, reads and writes rows, of tables to come too, and changes no table.

Whoever runs this need be no superuser; on Amazon RDS nobody is. It owns the database and has CREATEROLE, as RDS's
master user does. From PostgreSQL 16 on such a one manages the roles that it made, but has their rights only where it
granted them to itself (PostgreSQL documentation, "CREATE ROLE", createrole_self_grant).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

# Any number will do, as long as every release uses the same: these are the letters of "roles".
LOCK = 0x726F6C6573
# Longer than a bootstrap takes: a second one waits, and then finds everything done.
PATIENCE_MS = 60_000

# Each query answers the statements that are still to be executed for something to be so; none when it is so.
ROLES = """
SELECT format('%s ROLE %I %s', CASE WHEN rolname IS NULL THEN 'CREATE' ELSE 'ALTER' END, name,
              CASE WHEN login THEN 'LOGIN' ELSE 'NOLOGIN' END)
FROM (VALUES ({owner}, false), ({migrator}, true), ({application}, true)) AS wanted (name, login)
LEFT JOIN pg_roles ON rolname = name
WHERE rolcanlogin IS DISTINCT FROM login
"""

# Without that the one who runs this could neither give objects to the owner nor say how the owner's are to be.
OWNERS = """
SELECT format('GRANT %I TO %I WITH INHERIT TRUE, SET TRUE', {owner}, one.rolname)
FROM pg_roles AS one
WHERE rolname IN (current_user, {migrator}) AND NOT rolsuper AND NOT EXISTS (
    SELECT FROM pg_auth_members JOIN pg_roles AS whole ON whole.oid = roleid
    WHERE whole.rolname = {owner} AND member = one.oid AND inherit_option AND set_option)
"""

NOT_FOR_EVERYBODY = """
SELECT format('REVOKE %s ON DATABASE %I FROM PUBLIC', privilege_type, datname)
FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
WHERE datname = current_database() AND grantee = 0
UNION ALL
SELECT 'REVOKE CREATE ON SCHEMA public FROM PUBLIC'
FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
WHERE nspname = 'public' AND grantee = 0 AND privilege_type = 'CREATE'
"""

ENTRY = """
SELECT format('GRANT %s ON DATABASE %I TO %I', wanted, current_database(), name)
FROM (VALUES ({owner}, 'CONNECT'), ({owner}, 'CREATE'), ({owner}, 'TEMPORARY'), ({application}, 'CONNECT'))
     AS entry (name, wanted)
WHERE NOT has_database_privilege(name, current_database(), wanted)
UNION ALL
SELECT format('GRANT %s ON SCHEMA public TO %I', wanted, name)
FROM (VALUES ({owner}, 'USAGE'), ({owner}, 'CREATE'), ({application}, 'USAGE')) AS entry (name, wanted)
WHERE NOT has_schema_privilege(name, 'public', wanted)
"""

# What was made before there was an owner. Not REASSIGN OWNED, which takes databases along, template1 too where it is
# the master's. A column's sequence follows its table, and an array its type; what an extension brought stays with it.
INHERITANCE = r"""
WITH usual AS (
    SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'),
dependent AS (SELECT classid, objid FROM pg_depend WHERE deptype IN ('e', 'a', 'i')),
mine AS (
    SELECT 'pg_namespace'::regclass AS class, oid, 'SCHEMA' AS kind, quote_ident(nspname) AS name, nspowner AS owner
    FROM usual
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, 'TABLE', c.oid::regclass::text, relowner
    FROM pg_class AS c JOIN usual ON usual.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'pg_proc'::regclass, p.oid, 'ROUTINE', p.oid::regprocedure::text, proowner
    FROM pg_proc AS p JOIN usual ON usual.oid = pronamespace WHERE prokind <> 'a'
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 'TYPE', t.oid::regtype::text, typowner
    FROM pg_type AS t JOIN usual ON usual.oid = typnamespace WHERE typtype IN ('e', 'd', 'r'))
SELECT format('ALTER %s %s OWNER TO %I', kind, name, {owner})
FROM mine JOIN pg_roles ON pg_roles.oid = owner
WHERE rolname = current_user AND NOT EXISTS (SELECT FROM dependent WHERE classid = class AND objid = mine.oid)
"""

ROWS = """
SELECT format('GRANT %s ON %s TO %I', wanted, pg_class.oid::regclass, {application})
FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner,
     unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
WHERE rolname = {owner} AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT has_table_privilege({application}, pg_class.oid, wanted)
UNION ALL
SELECT format('GRANT %s ON SEQUENCE %s TO %I', wanted, pg_class.oid::regclass, {application})
FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner, unnest(ARRAY['USAGE', 'SELECT']) AS wanted
WHERE rolname = {owner} AND relnamespace = 'public'::regnamespace AND relkind = 'S'
  AND NOT has_sequence_privilege({application}, pg_class.oid, wanted)
"""

ROWS_TO_COME = """
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT %s ON %s TO %I',
              {owner}, wanted, kind, {application})
FROM (VALUES ('r'::"char", 'TABLES', 'SELECT'), ('r', 'TABLES', 'INSERT'), ('r', 'TABLES', 'UPDATE'),
             ('r', 'TABLES', 'DELETE'), ('S', 'SEQUENCES', 'USAGE'), ('S', 'SEQUENCES', 'SELECT'))
     AS to_come (type, kind, wanted)
WHERE NOT EXISTS (
    SELECT FROM pg_default_acl JOIN pg_roles AS maker ON maker.oid = defaclrole, aclexplode(defaclacl)
    JOIN pg_roles AS user_ ON user_.oid = grantee
    WHERE maker.rolname = {owner} AND user_.rolname = {application} AND defaclobjtype = type
      AND defaclnamespace = 'public'::regnamespace AND privilege_type = wanted)
"""

# Each second the server looks whether the migrating process still lives, and else gives up its statement.
MIGRATORS_SESSIONS = """
SELECT format('ALTER ROLE %I IN DATABASE %I SET %s = %L', {migrator}, current_database(), name, value)
FROM (VALUES ('role', {owner}), ('lock_timeout', {lock_timeout}), ('client_connection_check_interval', '1s'),
             ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0')) AS begin_with (name, value)
WHERE NOT EXISTS (
    SELECT FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole
    JOIN pg_database ON pg_database.oid = setdatabase
    WHERE rolname = {migrator} AND datname = current_database() AND format('%s=%s', name, value) = ANY (setconfig))
"""

# RDS lets in members of rds_iam by IAM alone, so that one with a password must be none.
BY_IAM = """
SELECT format(CASE WHEN by_iam THEN 'GRANT rds_iam TO %I' ELSE 'REVOKE rds_iam FROM %I' END, name)
FROM (VALUES ({migrator}, {migrator_by_iam}), ({application}, {application_by_iam})) AS login (name, by_iam)
JOIN pg_roles AS user_ ON user_.rolname = name JOIN pg_roles AS iam ON iam.rolname = 'rds_iam'
WHERE by_iam <> EXISTS (SELECT FROM pg_auth_members WHERE roleid = iam.oid AND member = user_.oid)
"""

STEPS = (ROLES, OWNERS, NOT_FOR_EVERYBODY, ENTRY, INHERITANCE, ROWS, ROWS_TO_COME, MIGRATORS_SESSIONS, BY_IAM)


class RefusedError(Exception):
    """What is not done, in one sentence."""


@dataclass(frozen=True)
class Login:
    """A role that logs in: with its password, or, without one, by IAM."""

    name: str
    password: str | None


@dataclass(frozen=True)
class Roles:
    """The three. `lock_timeout_ms`: how long a statement of a migration may wait for a lock; 0: for ever."""

    owner: str
    migrator: Login
    application: Login
    lock_timeout_ms: int


def bootstrap(db: psycopg.Connection, roles: Roles, *, by_iam: bool) -> Iterator[str]:
    """
    Makes it so: all or nothing, one process at a time. Yields each statement that had to be executed, passwords aside.

    by_iam: whether this connection itself was let in by IAM.
    """
    names = {
        "owner": roles.owner,
        "migrator": roles.migrator.name,
        "application": roles.application.name,
        "lock_timeout": f"{roles.lock_timeout_ms}ms",
        "migrator_by_iam": roles.migrator.password is None,
        "application_by_iam": roles.application.password is None,
    }
    literals = {name: sql.Literal(value) for name, value in names.items()}
    with db.transaction():
        db.execute("SET LOCAL statement_timeout = 0")
        db.execute("SELECT set_config('lock_timeout', %s, true)", [str(PATIENCE_MS)])
        db.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        # From here on a lock that is waited for is one that users' requests queue behind.
        db.execute("SELECT set_config('lock_timeout', %s, true)", [str(roles.lock_timeout_ms)])
        refuse_lock_out(db, roles, by_iam=by_iam)
        for step in STEPS:
            query = sql.SQL(step).format(**literals)
            for (statement,) in db.execute(query).fetchall():
                db.execute(statement)
                yield statement
            without_effect = db.execute(query).fetchone()
            if without_effect is not None:
                raise RefusedError(
                    f"This had no effect: {without_effect[0]}. It wants the database's owner, with CREATEROLE."
                )
        for login in (roles.migrator, roles.application):
            if login.password is not None:
                set_password(db, login.name, login.password)


def refuse_lock_out(db: psycopg.Connection, roles: Roles, *, by_iam: bool) -> None:
    """
    RDS asks for a token whoever is a member of rds_iam, however many roles lie between. Since PostgreSQL 16 one who
    creates a role is a member of it and cannot end that: with the grant to the role it would lock itself out, did it
    not come with a token too.
    """
    wanted = [login.name for login in (roles.migrator, roles.application) if login.password is None]
    if not wanted:
        return
    me, superuser, known = db.execute(
        "SELECT rolname, rolsuper, EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam')"
        " FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if not known:
        raise RefusedError(
            f"{wanted[0]} is given no password, and this server lets in nobody by IAM: it has no role rds_iam."
        )
    if not by_iam and not superuser:
        raise RefusedError(
            f"{wanted[0]} is to be let in by IAM, and is made by {me}, which came with a password: as a member of what "
            "it makes it would be asked for a token from then on. Let it in by IAM too (POSTGRES_AUTH=iam), or give "
            "the roles passwords."
        )


def set_password(db: psycopg.Connection, name: str, password: str) -> None:
    """Each time, since what it was cannot be read. The server is told, and may log, only what it keeps of it."""
    verifier = db.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(verifier))
    db.execute(statement)
