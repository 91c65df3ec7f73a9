import { AwsSolutionsChecks, type IApplyRule, NagRuleCompliance } from 'cdk-nag';
import type { Finding, Verdict } from './finding.ts';
import { namesOf } from './template-checkers.ts';
import { type Assembly, pathOf } from './templates.ts';

/**
 * cdk-nag's AwsSolutions. It says what it finds also where `Validations.acknowledge` would silence it: acknowledgements
 * stand in one place for all checkers, and are told apart from those that nothing needs any more.
 */
export function cdkNag(assemblies: readonly Assembly[]): Verdict {
  const findings = assemblies.flatMap(({ environment, app }) => {
    const pack = new EveryFinding(environment);
    pack.validateScope(app);
    return pack.findings;
  });
  return { findings, judged: namesOf(assemblies) };
}

class EveryFinding extends AwsSolutionsChecks {
  readonly #environment: string;
  readonly findings: Finding[] = [];

  constructor(environment: string) {
    super();
    this.#environment = environment;
  }

  protected override applyRule(asked: IApplyRule): void {
    const { ruleSuffixOverride, info, node } = asked;
    const found = (detail: string, message = info) =>
      this.findings.push({
        rule: `${this.packName}-${ruleSuffixOverride ?? asked.rule.name}`,
        resource: `${this.#environment}/${pathOf(node)}`,
        detail,
        message,
      });
    try {
      const result = asked.rule(node);
      if (Array.isArray(result)) for (const detail of result) found(detail);
      else if (result === NagRuleCompliance.NON_COMPLIANT) found('');
    } catch (error) {
      found('could not be judged', String(error));
    }
  }
}
