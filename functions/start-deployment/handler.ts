import { container } from '#runtime/container.ts';
import { personHandler } from '#runtime/handle.ts';
import { startDeployment } from './start-deployment.ts';

export const handler = personHandler((request) =>
  startDeployment(request, {
    ledger: container.ledger(),
    executions: container.executions(),
    settings: container.settings(),
    releases: container.releases(),
  }),
);
