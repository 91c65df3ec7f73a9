import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

const base64 = (bytes: Buffer): string => bytes.toString('base64');

/** What PostgreSQL itself uses: its documentation, "scram_iterations". */
const ITERATIONS = 4096;

/**
 * What PostgreSQL keeps of a password, as `pg_authid.rolpassword` has it (PostgreSQL documentation, "pg_authid"; RFC 5802,
 * section 3): given to ALTER ROLE in the password's place, the password itself is in no statement and no log. The password
 * must be ASCII, for which SASLprep changes nothing.
 */
export function passwordVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const key = (name: string) => createHmac('sha256', salted).update(name).digest();
  const stored = createHash('sha256').update(key('Client Key')).digest();
  return `SCRAM-SHA-256$${ITERATIONS}:${base64(salt)}$${base64(stored)}:${base64(key('Server Key'))}`;
}
