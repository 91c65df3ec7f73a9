import { AsyncLocalStorage } from 'node:async_hooks';
import { HttpRequest } from '@smithy/protocol-http';
import type { Pluggable } from '@smithy/types';

const fencingToken = new AsyncLocalStorage<number>();

/** Runs `work` so that every call of AWS within names the lock's token that it is made under. */
export function underToken<T>(token: number | undefined, work: () => Promise<T>): Promise<T> {
  return token === undefined ? work() : fencingToken.run(token, work);
}

/**
 * Adds the lock's token to a client's user agent, `md/farol-token#7`, so that the record of calls (CloudTrail on AWS)
 * proves who changed what in which order. In the step after the one in which the SDK writes its own; SigV4 does not sign
 * this header.
 */
export function tokenInUserAgent<Input extends object, Output extends object>(): Pluggable<Input, Output> {
  return {
    applyToStack: (stack) =>
      stack.add(
        (next) => (args) => {
          const token = fencingToken.getStore();
          const { request } = args;
          if (token !== undefined && HttpRequest.isInstance(request)) {
            request.headers['user-agent'] = `${request.headers['user-agent'] ?? ''} md/farol-token#${token}`;
          }
          return next(args);
        },
        { step: 'finalizeRequest', name: 'farolToken', priority: 'high' },
      ),
  };
}
