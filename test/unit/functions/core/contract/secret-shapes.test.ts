import { describe, expect, test } from 'vitest';
import { MASKED, maskSecrets } from '#core/contract/secret-shapes.ts';

/** Put together here, so that no scanner takes the file for a leak. */
const KEY_ID = ['AKIA', 'IOSFODNN7EXAMPLE'].join('');
const SECRET = ['wJalrXUtnFEMI/K7MDENG', 'bPxRfiCYEXAMPLEKEY'].join('/');
/** 64 letters and digits. */
const GENERATED = 'q7RmT2xV9bLk4WsZ'.repeat(4);
const URLSAFE = 'k3J-9dQz_Xw7TbR2mN5vPq8LsY1hF6gC4aE0uIoZxKjWtM'.concat('3nB-Q');
const DJANGO = 'w#8k2&hz!p0x^r5t@m3v(q7n)y1c$e9b+u4j*g6s-d_a=f%lo2';
const JWT = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxIn0', 'c2lnbmF0dXJl'].join('.');

describe('what has the shape of a secret is masked, and what is around it stays', () => {
  test.each([
    ['an access key', `used ${KEY_ID} here`, `used ${MASKED} here`],
    ['a secret access key', `used ${SECRET} here`, `used ${MASKED} here`],
    ['a setting', 'SECRET_KEY=correct-horse next', `SECRET_KEY=${MASKED} next`],
    ['a setting as Python prints it', "{'SECRET_KEY': 'correct horse', 'A': 1}", `{'SECRET_KEY': ${MASKED}, 'A': 1}`],
    ['a setting as JSON', '{"db_password":"correct horse","a":1}', `{"db_password":${MASKED},"a":1}`],
    ['a password in an address', 'postgres://app:s3cr:et@db:5432/x', `postgres://app:${MASKED}@db:5432/x`],
    [
      'a database token',
      'db:5432/?Action=connect&X-Amz-Signature=0a1b2c',
      `db:5432/?Action=connect&X-Amz-Signature=${MASKED}`,
    ],
    ['an encoded database token', 'X-Amz-Signature%3D0a1b2c end', `X-Amz-Signature%3D${MASKED} end`],
    ['a header', 'Authorization: Bearer abcdefgh.ijkl', `Authorization: Bearer ${MASKED}`],
    ['a JSON web token', `got ${JWT}.`, `got ${MASKED}.`],
    ['a token of GitHub', `ghp_${'a1'.repeat(18)} end`, `${MASKED} end`],
    ['a token of Slack', `${['xoxb', '1234567890-ab'].join('-')} end`, `${MASKED} end`],
    ['a secret key of Secrets Manager, alone', `key is ${GENERATED} end`, `key is ${MASKED} end`],
    ['a secret key of Python’s secrets module', `KeyError: '${URLSAFE}'`, `KeyError: '${MASKED}'`],
    ['a secret key as Django makes it', `got ${DJANGO} end`, `got ${MASKED} end`],
    ['a task token', `token AQCIAAAAKgAAAAMAAAAA${`${GENERATED}/b+`.repeat(8)}== end`, `token ${MASKED} end`],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nend', `${MASKED}\nend`],
    ['half of a private key', 'x -----BEGIN PRIVATE KEY-----\nMIIE', `x ${MASKED}`],
  ])('%s', (_, text, seen) => {
    expect(maskSecrets(text)).toBe(seen);
    expect(maskSecrets(seen)).toBe(seen);
  });

  test.each([
    'web/staging is live on 1.4.0 (sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08).',
    'Commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b is not built.',
    'secret: arn:aws:secretsmanager:eu-central-1:111122223333:secret:web-AbCdEf',
    'FATAL: password authentication failed for user "app"',
    'https://example.test:8443/path?page=2',
    'File "/opt/venv/lib/python3.13/site-packages/django/core/management/commands/migrate.py", line 412, in handle',
    'arn:aws:states:us-east-1:111122223333:execution:farol-release:web-production-v1_4_0-9f86d081-1',
    'arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web-production-blue/6d0ecf831eec9f09',
    'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef/ana',
    'web.0042_add_the_column_customer_reference_number_to_orders',
    '550e8400-e29b-41d4-a716-446655440000',
    'GET /orders?status=open&sort=-created_at&page=2&per_page=50 took 1,200 ms',
    '----------------------------------------------------------------------------',
  ])('left alone: %s', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  test('hostile text ends', () => {
    const hostile = ['eyJ', 'a://', 'secret', '-----BEGIN ', 'X-Amz-Signature', 'aA1/', 'a1!@#$%^&*(', 'aA1'].map(
      (part) => part.repeat(20_000),
    );
    for (const text of hostile) expect(maskSecrets(text).length).toBeLessThanOrEqual(text.length);
  });
});
