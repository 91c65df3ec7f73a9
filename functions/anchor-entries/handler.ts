import { entryChanges } from '#aws/entry-changes.ts';
import { container } from '#runtime/container.ts';
import { eventHandler } from '#runtime/handle.ts';
import { anchorEntries } from './anchor-entries.ts';

export const handler = eventHandler((event) =>
  anchorEntries(entryChanges(event), { anchors: container.anchors(), notifier: container.notifier() }),
);
