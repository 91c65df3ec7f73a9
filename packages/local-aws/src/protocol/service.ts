/**
 * What a local stand-in for an AWS service looks like. Names of services, operations and members are those of AWS's
 * own models (botocore's `service-2.json`), so that nothing here has to be kept in step by hand.
 */

/** Who made a call: `id` is `app/<id>` of its user agent, else the product that the user agent begins with. */
export interface Caller {
  readonly id: string;
}

/**
 * One operation of a service. `params` were validated against the model and use its members' names; timestamps are
 * `Date`, blobs `Uint8Array`, 64-bit numbers are `number`. The result uses the members' names of the output shape;
 * a member that is `undefined` or `null` is left out, an unknown one is a bug and throws.
 */
export type Operation = (params: Record<string, unknown>, caller: Caller) => Promise<object> | object;

export interface LocalService {
  /** botocore's name of the service: `ecs`, `elbv2`, `application-autoscaling`. */
  readonly service: string;
  readonly operations: Readonly<Record<string, Operation>>;
}

/**
 * An error that an AWS service answers: `code` as its clients see it, the HTTP status, a message for people, and what
 * else the model's error has (JSON services only), as ConflictException's `resourceIds`.
 */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
    this.members = members;
  }
}
