import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Cancel, Clock } from '../clock.ts';
import type { Outcome } from './counters.ts';
import { answer, forward, refuse } from './proxy.ts';
import { RoutingTable, type Rule } from './rules.ts';
import type { Target } from './target.ts';
import type { TargetGroup } from './target-group.ts';

/** Told of every request when it is answered; `group` and `target` as far as it came. */
type Observer = (outcome: Outcome, group: TargetGroup | undefined, target: Target | undefined) => void;

export interface ListenerOptions {
  readonly port: number;
  readonly clock: Clock;
  /** Real milliseconds that a connection may be silent. */
  readonly idle: () => number;
  readonly observe: Observer;
  /**
   * Real milliseconds after which each node of the load balancer goes by new rules; one number, one node. A client's
   * connection stays on the node that took it.
   */
  readonly nodeDelays: () => readonly number[];
}

/** A port of the load balancer: takes requests and does with them what its rules say. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #nodeOf = new WeakMap<Socket, number>();
  #nodes: { readonly version: number; readonly table: RoutingTable }[] = [];
  #version = 0;
  readonly #pending = new Set<Cancel>();

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer({ keepAliveTimeout: options.idle() }, (request, response) =>
      this.#serve(request, response),
    );
  }

  /** Listens on 127.0.0.1; rejects when the port is taken. */
  static async open(options: ListenerOptions, rules: readonly Rule[]): Promise<Listener> {
    const listener = new Listener(options);
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', reject);
      listener.#server.listen(options.port, '127.0.0.1', 1024, resolve);
    });
    listener.#nodes = options.nodeDelays().map(() => ({ version: 0, table: new RoutingTable(rules) }));
    return listener;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : this.#options.port;
  }

  /** Goes by `rules` from now on, each node as soon as it knows them; what arrives after something newer is ignored. */
  apply(rules: readonly Rule[]): void {
    this.#version += 1;
    const version = this.#version;
    this.#options.nodeDelays().forEach((delay, node) => {
      const set = (): void => {
        if ((this.#nodes[node]?.version ?? -1) < version)
          this.#nodes[node] = { version, table: new RoutingTable(rules) };
      };
      if (delay === 0) return set();
      const cancel = this.#options.clock.after(delay, () => {
        this.#pending.delete(cancel);
        set();
      });
      this.#pending.add(cancel);
    });
  }

  async close(): Promise<void> {
    for (const cancel of this.#pending) cancel();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { observe, idle } = this.#options;
    const route = this.#node(request.socket)?.route(request);
    if (route?.type === 'fixed-response') {
      observe({ by: 'fixed', status: route.status }, undefined, undefined);
      return answer(response, route.status, route.contentType, route.body);
    }
    const target = route?.group?.pick();
    if (!target) {
      observe({ by: 'elb', status: 503 }, route?.group, undefined);
      return refuse(response, 503);
    }
    const done = (outcome: Outcome): void => observe(outcome, route?.group, target);
    forward(request, response, target, { port: this.port, idle: idle(), done });
  }

  #node(socket: Socket): RoutingTable | undefined {
    let node = this.#nodeOf.get(socket);
    if (node === undefined) {
      node = this.#nodes.length > 1 ? randomInt(this.#nodes.length) : 0;
      this.#nodeOf.set(socket, node);
    }
    return this.#nodes[node]?.table;
  }
}
