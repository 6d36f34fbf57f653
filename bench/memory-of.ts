/** Anonymous resident memory of a process and all its descendants, from Linux' own books. */
import { readdirSync, readFileSync } from 'node:fs'
import { Unavailable } from './types.ts'

/**
 * Memory nobody else can share, in MB (10^6 bytes): file pages of the native library are not in it. `front` is the
 * first process, which takes the requests. The process that runs the model is the largest below the first, or the first where it is alone.
 */
export function anonymousMegabytes(pid: number): {
  readonly total: number
  readonly front: number
  readonly model: number
} {
  const [front, ...below] = [pid, ...descendants(pid)].map(anonymousOf) as [number, ...number[]]
  const total = below.reduce((sum, one) => sum + one, front)
  return { total, front, model: below.length > 0 ? Math.max(...below) : front }
}

/** Of one process, MB; 0 when it ended meanwhile. */
export function anonymousOf(pid: number): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1]
  return (Number(kilobytes ?? 0) * 1024) / 1e6
}

function descendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    // The program's name stands in brackets and may hold spaces: what follows the last one is state and parent.
    const parent = Number(/.*\) \S (\d+)/s.exec(read(`/proc/${name}/stat`))?.[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const below = (of: number): number[] => (children.get(of) ?? []).flatMap((child) => [child, ...below(child)])
  return below(pid)
}

/** Empty when the process ended meanwhile. */
function read(path: string): string {
  if (process.platform !== 'linux') throw new Unavailable('memory is read from /proc, which only Linux has')
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
