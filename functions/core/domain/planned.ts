import type { DeploymentPlan } from '../contract/ledger.ts';
import type { Release } from '../contract/release.ts';

/** The plan of a deployment that must have one by now. */
export function planned(
  record: { readonly plan?: DeploymentPlan | undefined } | undefined,
  deployment: string,
): DeploymentPlan {
  if (record?.plan === undefined) throw new Error(`${deployment} has no plan in the ledger: preflight did not end`);
  return record.plan;
}

/** The release that a plan deploys. */
export function releaseOf({ settings, deployable, commit, author, build, releaseJson }: DeploymentPlan): Release {
  return {
    repository: settings.repository,
    digest: deployable.digest,
    version: deployable.version,
    commit,
    author,
    build,
    releaseJson,
  };
}
