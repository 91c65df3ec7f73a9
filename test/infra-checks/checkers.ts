import { cdkNag } from './cdk-nag.ts';
import type { Verdict } from './finding.ts';
import { aslValidator, statelint } from './state-machine-checkers.ts';
import { cfnLint, checkov, type Place, silencers } from './template-checkers.ts';
import type { Assembly } from './templates.ts';

interface Checker {
  readonly name: string;
  readonly judges: 'templates' | 'state machines';
  readonly check: (assemblies: readonly Assembly[], place: Place) => Verdict | Promise<Verdict>;
}

export const CHECKERS: readonly Checker[] = [
  { name: 'cdk-nag', judges: 'templates', check: cdkNag },
  { name: 'cfn-lint', judges: 'templates', check: cfnLint },
  { name: 'checkov', judges: 'templates', check: checkov },
  { name: 'asl-validator', judges: 'state machines', check: aslValidator },
  { name: 'statelint', judges: 'state machines', check: statelint },
  { name: 'silenced', judges: 'templates', check: silencers },
];
