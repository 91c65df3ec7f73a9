import { container } from '#runtime/container.ts';
import { eventHandler } from '#runtime/handle.ts';
import { unfreeze } from './unfreeze.ts';

/** Called by a person, by `farol unfreeze`. */
export const handler = eventHandler((event) => unfreeze(event, { ledger: container.ledger() }));
