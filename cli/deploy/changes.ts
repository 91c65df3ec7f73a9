import type { Template } from './assembly.ts';

/** A new stack in one line: how many of which, most first. */
export function summary({ Resources }: Template): string {
  const counts = new Map<string, number>();
  for (const { Type } of Object.values(Resources)) {
    const name = Type.replace(/^AWS::/, '').replaceAll('::', ' ');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const list = [...counts].toSorted(([a, n], [b, m]) => m - n || a.localeCompare(b));
  return `${Object.keys(Resources).length} resources: ${list.map(([name, n]) => (n > 1 ? `${n} ${name}` : name)).join(', ')}`;
}
