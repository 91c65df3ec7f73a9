import { StackEvent } from '#core/contract/stack-event.ts';
import { clock, container } from '#runtime/container.ts';
import { eventHandler } from '#runtime/handle.ts';
import { removeSlots, type StackAnswer } from './remove-slots.ts';

export const handler = eventHandler((event) =>
  removeSlots(StackEvent.parse(event), { removal: container.slotRemoval(), clock, respond }),
);

/** The address is a presigned one of S3, which takes no content type. */
async function respond(url: string, answer: StackAnswer): Promise<void> {
  const { ok, status } = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': '' },
    body: JSON.stringify(answer),
    signal: AbortSignal.timeout(20_000),
  });
  if (!ok) throw new Error(`CloudFormation did not take the answer: status ${status}`);
}
