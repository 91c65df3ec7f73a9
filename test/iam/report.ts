// What IAM would have said to the calls of runs that are over, and which rights none of them needed:
//   npx node test/iam/report.ts .farol/e2e-*
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, stdout } from 'node:process';
import { PLACE } from '@farol/local-aws/aws-side.ts';
import type { CallRecord } from '@farol/local-aws/gateway/record.ts';
import { judge, synthesizedRoles } from './recorded.ts';

const place = { account: PLACE.accountId, region: PLACE.region };
const unused: string[][] = [];
let denials = 0;
for (const folder of argv.slice(2)) {
  const record = [join(folder, 'kept', 'calls.jsonl'), join(folder, 'calls.jsonl')].find((file) => existsSync(file));
  if (record === undefined)
    throw new Error(`${folder} has no calls.jsonl: give it a folder of .farol that an e2e run left`);
  const calls = readFileSync(record, 'utf8')
    .trim()
    .split('\n')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the gateway wrote it
    .map((line) => JSON.parse(line) as CallRecord);
  const judgement = judge(calls, synthesizedRoles(join(folder, 'cdk.out'), place), place);
  stdout.write(`${folder}: ${calls.length} calls, ${judgement.denied.length} denied\n`);
  for (const each of judgement.denied) stdout.write(`  ${each}\n`);
  denials += judgement.denied.length;
  unused.push([...judgement.unused]);
}
const [first = [], ...others] = unused;
const never = first.filter((right) => others.every((list) => list.includes(right)));
stdout.write(`${never.length} rights that no call needed\n`);
for (const right of never) stdout.write(`  ${right}\n`);
process.exitCode = denials > 0 ? 1 : 0;
