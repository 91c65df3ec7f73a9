/**
 * The database's roles and what each may do, as queries.
 *
 * - The owner owns every object, and never logs in.
 * - The migrator logs in, and is the owner from its first statement on.
 * - The application logs in, reads and writes rows, of tables to come too, and changes no table. What was migrated it only reads.
 * - The planner logs in, and reads the catalogue and the framework's table of migrations. Nothing else.
 *
 * The user that executes them is no superuser; on Amazon RDS no user is. It owns the database and has CREATEROLE, as RDS's master
 * user does. From PostgreSQL 16 on it manages the roles that it made, but has their rights only where it granted them to
 * itself (PostgreSQL documentation, "CREATE ROLE", createrole_self_grant).
 *
 * Each query answers the statements that are still to be executed for something to be so; none when it is so. A name in
 * braces stands for a literal, see {@link withLiterals}.
 */

const ROLES = `
SELECT format('%s ROLE %I %s', CASE WHEN rolname IS NULL THEN 'CREATE' ELSE 'ALTER' END, name,
              CASE WHEN login THEN 'LOGIN' ELSE 'NOLOGIN' END)
FROM (VALUES ({owner}, false), ({migrator}, true), ({application}, true), ({planner}, true)) AS wanted (name, login)
LEFT JOIN pg_roles ON rolname = name
WHERE rolcanlogin IS DISTINCT FROM login`;

// Without that the one who executes this could neither give objects to the owner nor say how the owner's are to be.
const MEMBERS_OF_THE_OWNER = `
SELECT format('GRANT %I TO %I WITH INHERIT TRUE, SET TRUE', {owner}, one.rolname)
FROM pg_roles AS one
WHERE rolname IN (current_user, {migrator}) AND NOT rolsuper AND NOT EXISTS (
    SELECT FROM pg_auth_members JOIN pg_roles AS whole ON whole.oid = roleid
    WHERE whole.rolname = {owner} AND member = one.oid AND inherit_option AND set_option)`;

const NOT_FOR_EVERYBODY = `
SELECT format('REVOKE %s ON DATABASE %I FROM PUBLIC', privilege_type, datname)
FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
WHERE (datname = current_database() OR datdba = current_user::regrole) AND grantee = 0 AND NOT datistemplate
UNION ALL
SELECT 'REVOKE CREATE ON SCHEMA public FROM PUBLIC'
FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
WHERE nspname = 'public' AND grantee = 0 AND privilege_type = 'CREATE'`;

const ENTRY = `
SELECT format('GRANT %s ON DATABASE %I TO %I', wanted, current_database(), name)
FROM (VALUES ({owner}, 'CONNECT'), ({owner}, 'CREATE'), ({owner}, 'TEMPORARY'), ({application}, 'CONNECT'),
             ({planner}, 'CONNECT')) AS entry (name, wanted)
WHERE NOT has_database_privilege(name, current_database(), wanted)
UNION ALL
SELECT format('GRANT %s ON SCHEMA public TO %I', wanted, name)
FROM (VALUES ({owner}, 'USAGE'), ({owner}, 'CREATE'), ({application}, 'USAGE'), ({planner}, 'USAGE'))
     AS entry (name, wanted)
WHERE NOT has_schema_privilege(name, 'public', wanted)`;

// What was made before there was an owner. Not REASSIGN OWNED, which takes databases along, template1 too where it is
// the master's. A column's sequence follows its table, and an array its type; what an extension brought stays with it.
const INHERITANCE = String.raw`
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
WHERE rolname = current_user AND NOT EXISTS (SELECT FROM dependent WHERE classid = class AND objid = mine.oid)`;

const ROWS = `
SELECT format('GRANT %s ON %s TO %I', wanted, pg_class.oid::regclass, {application})
FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner,
     unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
WHERE rolname = {owner} AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT has_table_privilege({application}, pg_class.oid, wanted) AND (wanted = 'SELECT' OR relname <> {migrations})
UNION ALL
SELECT format('GRANT %s ON SEQUENCE %s TO %I', wanted, pg_class.oid::regclass, {application})
FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner, unnest(ARRAY['USAGE', 'SELECT']) AS wanted
WHERE rolname = {owner} AND relnamespace = 'public'::regnamespace AND relkind = 'S'
  AND NOT has_sequence_privilege({application}, pg_class.oid, wanted)`;

const ROWS_TO_COME = `
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT %s ON %s TO %I',
              {owner}, wanted, kind, {application})
FROM (VALUES ('r'::"char", 'TABLES', 'SELECT'), ('r', 'TABLES', 'INSERT'), ('r', 'TABLES', 'UPDATE'),
             ('r', 'TABLES', 'DELETE'), ('S', 'SEQUENCES', 'USAGE'), ('S', 'SEQUENCES', 'SELECT'),
             ('f', 'FUNCTIONS', 'EXECUTE')) AS to_come (type, kind, wanted)
WHERE NOT EXISTS (
    SELECT FROM pg_default_acl JOIN pg_roles AS maker ON maker.oid = defaclrole, aclexplode(defaclacl)
    JOIN pg_roles AS user_ ON user_.oid = grantee
    WHERE maker.rolname = {owner} AND user_.rolname = {application} AND defaclobjtype = type
      AND defaclnamespace = 'public'::regnamespace AND privilege_type = wanted)`;

// PostgreSQL lets everybody execute every function. One that runs with its owner's rights (SECURITY DEFINER) would give
// the planner what is kept from it. The application is given each before everybody loses it, and those to come too.
// "For everybody" is a default that only the role as a whole can take back, not one for a schema (PostgreSQL
// documentation, "ALTER DEFAULT PRIVILEGES").
const FUNCTIONS = `
SELECT format('GRANT EXECUTE ON ROUTINE %s TO %I', pg_proc.oid::regprocedure, {application})
FROM pg_proc JOIN pg_roles ON pg_roles.oid = proowner
WHERE rolname = {owner} AND NOT EXISTS (
    SELECT FROM aclexplode(proacl) JOIN pg_roles AS user_ ON user_.oid = grantee WHERE user_.rolname = {application})
UNION ALL
SELECT format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', pg_proc.oid::regprocedure)
FROM pg_proc JOIN pg_roles ON pg_roles.oid = proowner, aclexplode(coalesce(proacl, acldefault('f', proowner)))
WHERE rolname = {owner} AND grantee = 0
UNION ALL
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC', {owner})
WHERE NOT EXISTS (
    SELECT FROM pg_default_acl JOIN pg_roles ON pg_roles.oid = defaclrole
    WHERE rolname = {owner} AND defaclobjtype = 'f' AND defaclnamespace = 0
      AND NOT EXISTS (SELECT FROM aclexplode(defaclacl) WHERE grantee = 0))`;

// What everybody may read, the planner may too.
const ROWS_NOT_FOR_EVERYBODY = `
SELECT DISTINCT format('REVOKE ALL ON %s FROM PUBLIC', pg_class.oid::regclass)
FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner, aclexplode(relacl)
WHERE rolname = {owner} AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND grantee = 0`;

// The table is made by the first migration: until then there is nothing to read.
const MIGRATIONS_TABLE = `
SELECT format('GRANT SELECT ON %s TO %I', pg_class.oid::regclass, {planner})
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relname = {migrations} AND relkind IN ('r', 'p')
  AND NOT has_table_privilege({planner}, pg_class.oid, 'SELECT')`;

// An application that could write there would have a migration be taken for applied. Its table is new after the first migration, with
// the rights of tables to come, so that this is repeated after each.
const MIGRATIONS_READ_ONLY = `
SELECT DISTINCT format('REVOKE %s ON %s FROM %I', privilege_type, pg_class.oid::regclass, {application})
FROM pg_class, aclexplode(relacl) JOIN pg_roles ON pg_roles.oid = grantee
WHERE rolname = {application} AND relnamespace = 'public'::regnamespace AND relname = {migrations}
  AND relkind IN ('r', 'p') AND privilege_type <> 'SELECT'`;

// These may have granted more: a person in a hurry, an earlier setting of the table's name, a migration.
const NOTHING_ELSE_FOR_THE_PLANNER = `
SELECT DISTINCT format('REVOKE ALL ON %s FROM %I', pg_class.oid::regclass, {planner})
FROM pg_class, aclexplode(relacl) JOIN pg_roles ON pg_roles.oid = grantee
WHERE rolname = {planner} AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND NOT (relnamespace = 'public'::regnamespace AND relname = {migrations} AND privilege_type = 'SELECT')
UNION ALL
SELECT DISTINCT format('REVOKE ALL (%I) ON %s FROM %I', attname, attrelid::regclass, {planner})
FROM pg_attribute, aclexplode(attacl) JOIN pg_roles ON pg_roles.oid = grantee
WHERE rolname = {planner}
UNION ALL
SELECT DISTINCT format('REVOKE ALL ON ROUTINE %s FROM %I', pg_proc.oid::regprocedure, {planner})
FROM pg_proc, aclexplode(proacl) JOIN pg_roles ON pg_roles.oid = grantee
WHERE rolname = {planner}
UNION ALL
SELECT format('REVOKE %s ON SCHEMA %I FROM %I', privilege_type, nspname, {planner})
FROM pg_namespace, aclexplode(nspacl) JOIN pg_roles ON pg_roles.oid = grantee
WHERE rolname = {planner} AND NOT (nspname = 'public' AND privilege_type = 'USAGE')
UNION ALL
SELECT format('REVOKE %s ON DATABASE %I FROM %I', privilege_type, datname, {planner})
FROM pg_database, aclexplode(datacl) JOIN pg_roles ON pg_roles.oid = grantee
WHERE rolname = {planner} AND datname = current_database() AND privilege_type <> 'CONNECT'
UNION ALL
SELECT format('REVOKE %I FROM %I', whole.rolname, one.rolname)
FROM pg_auth_members JOIN pg_roles AS whole ON whole.oid = roleid JOIN pg_roles AS one ON one.oid = member
WHERE one.rolname = {planner} AND whole.rolname <> 'rds_iam'`;

// However many connections the application opens, those of a migration, of Farol and of a person are left.
// Each second the server looks whether the migrating process still lives, and else gives up its statement. The planner's
// are bounds for what does no harm but takes room: it may change them for its session, and gains no right by that.
const SESSIONS = `
SELECT format('ALTER ROLE %I IN DATABASE %I SET %s = %L', login, current_database(), name, value)
FROM (VALUES ({migrator}, 'role', {owner}), ({migrator}, 'lock_timeout', {lock_timeout}),
             ({migrator}, 'client_connection_check_interval', '1s'), ({migrator}, 'statement_timeout', '0'),
             ({migrator}, 'idle_in_transaction_session_timeout', '0'),
             ({planner}, 'default_transaction_read_only', 'on'), ({planner}, 'lock_timeout', {lock_timeout}),
             ({planner}, 'statement_timeout', '60s'), ({planner}, 'idle_in_transaction_session_timeout', '60s'))
     AS begin_with (login, name, value)
WHERE NOT EXISTS (
    SELECT FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole
    JOIN pg_database ON pg_database.oid = setdatabase
    WHERE rolname = login AND datname = current_database() AND format('%s=%s', name, value) = ANY (setconfig))
UNION ALL
SELECT format('ALTER ROLE %I CONNECTION LIMIT %s', rolname, most)
FROM (VALUES ({planner}, 10), ({application}, greatest(10, current_setting('max_connections')::int - 20)))
     AS at_most (login, most)
JOIN pg_roles ON rolname = login WHERE rolconnlimit <> most`;

// RDS lets in members of rds_iam by IAM alone, so that one with a password must be none.
const BY_IAM = `
SELECT format(CASE WHEN {by_iam} THEN 'GRANT rds_iam TO %I' ELSE 'REVOKE rds_iam FROM %I' END, name)
FROM (VALUES ({migrator}), ({application}), ({planner})) AS login (name)
JOIN pg_roles AS user_ ON user_.rolname = name JOIN pg_roles AS iam ON iam.rolname = 'rds_iam'
WHERE {by_iam} <> EXISTS (SELECT FROM pg_auth_members WHERE roleid = iam.oid AND member = user_.oid)`;

/** In the order in which they depend on each other. */
export const STEPS: readonly string[] = [
  ROLES,
  MEMBERS_OF_THE_OWNER,
  NOT_FOR_EVERYBODY,
  ENTRY,
  INHERITANCE,
  ROWS,
  ROWS_TO_COME,
  FUNCTIONS,
  ROWS_NOT_FOR_EVERYBODY,
  NOTHING_ELSE_FOR_THE_PLANNER,
  MIGRATIONS_TABLE,
  MIGRATIONS_READ_ONLY,
  SESSIONS,
  BY_IAM,
];
