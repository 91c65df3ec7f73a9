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

/** Where a process runtime has its images from. */
export interface ImageStore {
  /** Files of `image`, `<registry>/<repository>@sha256:...`; rejects when it cannot be had. */
  open(image: string): Promise<OpenImage>;
}
