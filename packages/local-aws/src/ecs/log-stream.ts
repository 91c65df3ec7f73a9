import type { LogConfiguration } from '@aws-sdk/client-ecs';
import type { Cancel } from '../clock.ts';
import type { LogEvent, TaskHost } from './host.ts';

/** Real milliseconds that lines are gathered before they are handed on. */
const GATHER = 200;

/** The awslogs driver of one container: `<prefix>/<container>/<task id>` in the group of its log configuration. */
export class LogStream {
  readonly #host: TaskHost;
  readonly #group: string;
  readonly #stream: string;
  #waiting: LogEvent[] = [];
  #timer: Cancel | undefined;
  #sent: Promise<void> = Promise.resolve();

  constructor(host: TaskHost, group: string, stream: string) {
    this.#host = host;
    this.#group = group;
    this.#stream = stream;
  }

  /** The stream that `configuration` asks for; `undefined` for a container whose lines go nowhere. */
  static of(
    host: TaskHost,
    configuration: LogConfiguration | undefined,
    container: string,
    taskId: string,
  ): LogStream | undefined {
    const { 'awslogs-group': group, 'awslogs-stream-prefix': prefix } = configuration?.options ?? {};
    if (configuration?.logDriver !== 'awslogs' || group === undefined || prefix === undefined) return undefined;
    return new LogStream(host, group, `${prefix}/${container}/${taskId}`);
  }

  add(message: string): void {
    this.#waiting.push({ timestamp: this.#host.clock.now(), message });
    this.#timer ??= this.#host.clock.after(GATHER, () => void this.flush());
  }

  /** Hands on what waits; resolves when all of it, and all before, has been taken. Lines that are refused are lost, as with awslogs in non-blocking mode. */
  flush(): Promise<void> {
    this.#timer?.();
    this.#timer = undefined;
    const events = this.#waiting;
    this.#waiting = [];
    if (events.length > 0)
      this.#sent = this.#sent
        .then(() => this.#host.publishLog(this.#group, this.#stream, events))
        .catch(() => undefined);
    return this.#sent;
  }
}
