/** An image's files on this machine, ready to be run. */
export interface OpenImage {
  /** The extracted working directory. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Folders that go in front of PATH. */
  readonly path: readonly string[];
  /** What the image runs when the container names no command. */
  readonly command?: readonly string[];
}

export interface ImageStore {
  /** Files of `image`, `<repository>@sha256:...`; rejects when it cannot be had. */
  open(image: string): Promise<OpenImage>;
}

export interface ContainerSpec {
  readonly image: OpenImage;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Called with each line that the container writes, without its line end. */
  readonly onLine: (line: string) => void;
}

export interface RunningContainer {
  /** The exit code when everything of the container has ended; 128 and the signal's number if one ended it, 137 for SIGKILL. */
  readonly exit: Promise<number>;
  /** SIGTERM goes to the container's first process, SIGKILL to all of them. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** What runs containers. */
export interface TaskRuntime {
  /** Rejects when the command cannot be started at all. */
  start(spec: ContainerSpec): Promise<RunningContainer>;
  /** Ends everything that was started and resolves when it is gone. */
  close(): Promise<void>;
}
