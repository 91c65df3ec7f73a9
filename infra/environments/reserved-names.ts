/** Databases that every instance of RDS for PostgreSQL has. RDS User Guide, "Master user account privileges" and PostgreSQL's templates. */
const THERE_ALREADY = ['postgres', 'rdsadmin', 'template0', 'template1'];

/** Words that PostgreSQL reserves, which RDS does not take as a name. PostgreSQL documentation, "SQL Key Words", reserved. */
const RESERVED =
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from full
grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right
select session_user similar some symmetric system_user table tablesample then to trailing true union unique user using
variadic verbose when where window with`.split(/\s+/);

/** Why a database may not be called so, in words; undefined: it may. */
export function databaseNameProblem(name: string): string | undefined {
  if (THERE_ALREADY.includes(name)) return `every PostgreSQL of RDS has a database ${name} already: take another name`;
  return RESERVED.includes(name) ? `PostgreSQL reserves the word ${name}: take another name` : undefined;
}
