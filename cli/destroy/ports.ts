/** What CloudFormation does not know of, and what it leaves: asked of an account when an environment is taken away. */
export interface RetainedResources {
  /** Deletes every object of the buckets that a stack made: CloudFormation deletes none that holds something. */
  emptyBuckets(stack: string): Promise<readonly string[]>;
  /** What stands in a stack's network and is not the stack's: while it is there, the network cannot be deleted. */
  inNetwork(stack: string): Promise<NetworkResources>;
  /** Deletes interfaces that nothing uses any more, and groups that AWS made for what is gone. */
  clearNetwork(retained: NetworkResources): Promise<void>;
  /** Of a database, made by people or when it was deleted. */
  snapshots(database: string): Promise<readonly Snapshot[]>;
  /** Daily backups of a database that were kept when it was deleted. */
  automatedBackups(database: string): Promise<readonly Snapshot[]>;
  logGroups(prefix: string): Promise<readonly LogGroup[]>;
  /** Secrets whose names begin so. */
  secrets(prefix: string): Promise<readonly string[]>;
  removeSecret(name: string): Promise<void>;
}

export interface NetworkResources {
  readonly interfaces: readonly NetworkInterface[];
  readonly groups: readonly { readonly id: string; readonly name: string }[];
}

export interface NetworkInterface {
  readonly id: string;
  readonly description: string;
  /** Whether something still uses it. */
  readonly inUse: boolean;
}

export interface Snapshot {
  readonly id: string;
  readonly gibibytes: number;
}

export interface LogGroup {
  readonly name: string;
  readonly bytes: number;
}
