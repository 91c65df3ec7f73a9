import { container } from '#runtime/container.ts';
import { eventHandler } from '#runtime/handle.ts';
import { startDeployment } from './start-deployment.ts';

export const handler = eventHandler((event) =>
  startDeployment(event, {
    ledger: container.ledger(),
    executions: container.executions(),
    settings: container.settings(),
    releases: container.releases(),
  }),
);
