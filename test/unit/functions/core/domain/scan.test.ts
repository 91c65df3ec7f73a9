import { describe, expect, test } from 'vitest';
import { type ImageScan, judgeScan, type ScanFinding } from '#core/domain/scan.ts';

const NOW = '2026-11-26T20:00:00.000Z';
const critical: ScanFinding = { name: 'CVE-2023-45853', severity: 'CRITICAL' };
const high: ScanFinding = { name: 'CVE-2024-0001', severity: 'HIGH' };
const medium: ScanFinding = { name: 'CVE-2024-0002', severity: 'MEDIUM' };
const scan = (...findings: ScanFinding[]): ImageScan => ({ state: 'complete', findings });
const timeout = '15m';

describe('findings block', () => {
  test.each([
    ['CRITICAL', scan(critical), 'refused'],
    ['CRITICAL', scan(high, medium), 'proven'],
    ['CRITICAL', scan(), 'proven'],
    ['HIGH', scan(critical), 'refused'],
    ['HIGH', scan(high), 'refused'],
    ['HIGH', scan(medium, { name: 'CVE-2024-0003', severity: 'UNTRIAGED' }), 'proven'],
    ['none', scan(critical), 'proven'],
  ] as const)('from %s on: %j is %s', (block, found, state) => {
    expect(judgeScan({ block, timeout }, 'v1.4.0', found, NOW).state).toBe(state);
  });

  test('by name and severity, each once, the first ten', () => {
    const many = Array.from({ length: 12 }, (_, i) => ({ name: `CVE-2024-${1000 + i}`, severity: 'HIGH' }));
    const verdict = judgeScan({ block: 'HIGH', timeout }, 'v1.4.0', scan(critical, critical, ...many), NOW);
    const { reason } = { reason: '', ...verdict };
    expect(reason.match(/CVE-2023-45853 \(CRITICAL\)/g)).toHaveLength(1);
    expect(reason.match(/CVE-/g)).toHaveLength(10);
    expect(reason).toContain('and 3 more');
  });

  test('of several packages with the severity that blocks', () => {
    const twice = scan(critical, { ...critical, severity: 'LOW' });
    expect(judgeScan({ block: 'CRITICAL', timeout }, 'v1.4.0', twice, NOW).state).toBe('refused');
  });
});

describe('an acceptance', () => {
  const accepting = (until: string) =>
    judgeScan(
      { block: 'CRITICAL', timeout, accept: [{ cve: critical.name, reason: 'not in what is used', until }] },
      'v1.4.0',
      scan(critical, high),
      NOW,
    );

  test.each(['2026-11-26', '2027-01-31'])('until %s lets its finding pass, and the fact names it', (until) => {
    expect(accepting(until)).toEqual({
      state: 'proven',
      detail: { block: 'CRITICAL', findings: { CRITICAL: 1, HIGH: 1 }, accepted: [critical.name] },
    });
  });

  test.each(['2026-11-25', '2020-01-01'])('until %s no longer does, and says so', (until) => {
    expect(accepting(until)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining(`accepted until ${until} and no longer: not in what is used`),
    });
  });

  test('lets no other finding pass', () => {
    const accept = [{ cve: 'CVE-2023-4585', reason: 'another', until: '2027-01-31' }];
    expect(judgeScan({ block: 'CRITICAL', timeout, accept }, 'v1.4.0', scan(critical), NOW).state).toBe('refused');
  });
});

test('a scan that has not ended is waited for, one that is absent blocks, each in the registry’s words', () => {
  const policy = { block: 'CRITICAL', timeout } as const;
  expect(judgeScan(policy, 'v1.4.0', { state: 'open', status: 'IN_PROGRESS' }, NOW)).toMatchObject({
    state: 'open',
    reason: expect.stringMatching(/v1\.4\.0 has not ended \(IN_PROGRESS\).*scan\.block is CRITICAL/),
  });
  const status = 'UNSUPPORTED_IMAGE: no operating system';
  expect(judgeScan(policy, 'v1.4.0', { state: 'absent', status }, NOW)).toMatchObject({
    state: 'refused',
    reason: expect.stringContaining(status),
  });
});
