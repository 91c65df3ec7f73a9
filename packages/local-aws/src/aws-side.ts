import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import type { DataPlaneOptions } from './data-plane.ts';

/** Account and region of the local cloud, as every emulator has them. */
export const PLACE = { accountId: '000000000000', region: 'us-east-1' } as const;

/** Connects to a socket, whatever the address says. */
class SocketAgent extends Agent {
  readonly #path: string;

  constructor(path: string) {
    super({ keepAlive: true });
    this.#path = path;
  }

  override createConnection(): Socket {
    return connect(this.#path);
  }
}

/** What every AWS client on this machine is made with. @param userAgentAppId who calls, as the record of calls shows it */
export function clientOptions(endpoint: string, userAgentAppId: string) {
  return {
    endpoint,
    region: PLACE.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    userAgentAppId,
  };
}

type AwsSide = Pick<DataPlaneOptions, 'publishLog' | 'publishMetrics' | 'resolveSecret'>;

/**
 * What ECS and the load balancer do inside AWS: keep logs and metrics, read secrets for a task. It goes to the emulator itself, by its
 * socket: on AWS too no client makes these calls.
 */
export function awsSide({ pathname: socketPath }: URL): AwsSide {
  const options = {
    ...clientOptions('http://localhost', 'aws-internal'),
    requestHandler: { httpAgent: new SocketAgent(socketPath) },
  };
  const logs = new CloudWatchLogsClient(options);
  const metrics = new CloudWatchClient(options);
  const secrets = new SecretsManagerClient(options);
  const parameters = new SSMClient(options);
  const streams = new Map<string, Promise<void>>();
  return {
    async publishLog(logGroupName, logStreamName, events) {
      const name = `${logGroupName}:${logStreamName}`;
      const made = streams.get(name) ?? makeStream(logs, logGroupName, logStreamName);
      streams.set(name, made);
      await made;
      await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: [...events] }));
    },
    async publishMetrics({ namespace, data }) {
      await metrics.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: [...data] }));
    },
    async resolveSecret(valueFrom) {
      const [, , service] = valueFrom.split(':');
      if (service === 'ssm') {
        const { Parameter } = await parameters.send(new GetParameterCommand({ Name: valueFrom, WithDecryption: true }));
        return required(Parameter?.Value, valueFrom);
      }
      // arn:aws:secretsmanager:<region>:<account>:secret:<name>[:<json key>:<version stage>:<version id>]
      const [secretId, key] = [valueFrom.split(':').slice(0, 7).join(':'), valueFrom.split(':')[7]];
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretId }));
      const value = required(SecretString, valueFrom);
      if (!key) return value;
      return String(
        required(z.record(z.string(), z.union([z.string(), z.number()])).parse(JSON.parse(value))[key], valueFrom),
      );
    },
  };
}

async function makeStream(logs: CloudWatchLogsClient, logGroupName: string, logStreamName: string): Promise<void> {
  try {
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  } catch (error) {
    if (!(error instanceof ResourceAlreadyExistsException)) throw error;
  }
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`ResourceInitializationError: ${what} has no value`);
  return value;
}
