import { ECRClient, type ScanStatus } from '@aws-sdk/client-ecr';
import { PLACE } from '@farol/local-aws/aws-side.ts';
import { ImageScans } from '@farol/local-aws/ecr/scans.ts';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import type { LocalService } from '@farol/local-aws/protocol/service.ts';
import { expect, test } from 'vitest';
import { EcrReleases } from '#aws/ecr-releases.ts';
import { cloud } from '../../../../packages/local-aws/test/fixtures/cloud.ts';
import { digestOf } from './releases.ts';

const DIGEST = digestOf('an image');
const scans = new ImageScans(PLACE);
/** What ECR answers in place of the stand-in, which knows basic scanning alone. */
let enhanced: object | undefined;
const service: LocalService = {
  service: 'ecr',
  operations: {
    DescribeImageScanFindings: (params, caller) =>
      enhanced ?? scans.service.operations['DescribeImageScanFindings']?.(params, caller) ?? {},
  },
};
const started = cloud(() => [service]);
const scan = () => new EcrReleases(new ECRClient(started().client)).scan('web', DIGEST);

test('findings are read to the last page', async () => {
  const findings = Array.from({ length: 250 }, (_, i) => ({ name: `CVE-2024-${i}`, severity: 'LOW' as const }));
  scans.byDigest.set(DIGEST, { status: 'COMPLETE', findings });
  const calls: CallRecord[] = [];
  const end = started().gateway.onCall((call) => calls.push(call));
  expect(await scan()).toEqual({ state: 'complete', findings });
  end();
  expect(calls).toHaveLength(3);
});

test.each<[ScanStatus, string]>([
  ['IN_PROGRESS', 'open'],
  ['PENDING', 'open'],
  ['FAILED', 'absent'],
  ['UNSUPPORTED_IMAGE', 'absent'],
  ['SCAN_ELIGIBILITY_EXPIRED', 'absent'],
  ['FINDINGS_UNAVAILABLE', 'absent'],
  ['LIMIT_EXCEEDED', 'absent'],
])('%s is %s, in the words of the registry', async (status, state) => {
  scans.byDigest.set(DIGEST, { status, description: 'as ECR says' });
  expect(await scan()).toEqual({ state, status: `${status}: as ECR says` });
});

test('a scan that was not begun is waited for', async () => {
  scans.byDigest.set(DIGEST, null);
  expect(await scan()).toEqual({ state: 'open', status: 'no scan was begun' });
});

test('enhanced scanning names vulnerabilities, of which those that are closed are mended', async () => {
  const found = (vulnerabilityId: string, severity: string, status: string) => ({
    severity,
    status,
    packageVulnerabilityDetails: { vulnerabilityId },
  });
  enhanced = {
    imageScanStatus: { status: 'ACTIVE', description: 'Continuous scan is selected for image.' },
    imageScanFindings: {
      enhancedFindings: [found('CVE-1', 'CRITICAL', 'ACTIVE'), found('CVE-2', 'HIGH', 'CLOSED')],
    },
  };
  expect(await scan()).toEqual({ state: 'complete', findings: [{ name: 'CVE-1', severity: 'CRITICAL' }] });
  enhanced = undefined;
});

test('ECR being out of reach is a surprise, not an absent scan', async () => {
  started().gateway.faults.add({
    operation: 'DescribeImageScanFindings',
    times: 2,
    effect: { kind: 'fail-before', message: 'out of order' },
  });
  await expect(scan()).rejects.toThrow('out of order');
});
