/** What a container is started with, as far as the image does not say it. */
export interface ContainerSpec {
  /** Empty: what the image runs by itself. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether the container may write to no more than `volumes`. */
  readonly readonlyRoot: boolean;
  /** Linux capabilities that the container does not have, as ECS names them: `ALL`, or one by one. */
  readonly dropped: readonly string[];
  /** Folders in the container where empty volumes of its own lie. */
  readonly volumes: readonly string[];
  /** Whether a small init is process 1, which passes signals on and collects orphans. */
  readonly init: boolean;
  /** Called with each line that the container writes, without its line end. */
  readonly onLine: (line: string) => void;
}

export interface RunningContainer {
  /** The exit code when everything of the container has ended; 128 and the signal's number if one ended it, 137 for SIGKILL. */
  readonly exit: Promise<number>;
  /** SIGTERM goes to the container's first process, SIGKILL to all of them. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** An image that is on this machine. */
export interface PulledImage {
  /** Rejects when the command cannot be started at all. */
  start(spec: ContainerSpec): Promise<RunningContainer>;
}

/** What runs containers. */
export interface TaskRuntime {
  /** Gets `image`, `<registry>/<repository>@sha256:...`; rejects when it cannot be had. */
  pull(image: string): Promise<PulledImage>;
  /** Ends everything that was started and resolves when it is gone. */
  close(): Promise<void>;
}
