import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The TCP ports that a process and all that it started listen on. Linux alone tells (proc(5)). */
export function portsOf(pid: number): number[] {
  const sockets = new Set(familyOf(pid).flatMap(socketsOf));
  const lines = ['tcp', 'tcp6'].flatMap((file) => readFileSync(`/proc/net/${file}`, 'utf8').split('\n').slice(1));
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    // 0A: TCP_LISTEN.
    return state === '0A' && sockets.has(`socket:[${inode}]`) ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : [];
  });
}

function familyOf(pid: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name): [number, number][] => {
        const stat = attempt(() => readFileSync(`/proc/${name}/stat`, 'utf8'));
        // The second field is the command in parentheses, and may hold anything.
        const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
        return parent === undefined ? [] : [[Number(name), Number(parent)]];
      }),
  );
  const family = new Set([pid]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const [child, parent] of parents) if (family.has(parent)) family.add(child);
  }
  return [...family];
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return (attempt(() => readdirSync(folder)) ?? []).flatMap(
    (fd) => attempt(() => readlinkSync(`${folder}/${fd}`)) ?? [],
  );
}

/** Processes and their files may be gone by the time that they are looked at. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
