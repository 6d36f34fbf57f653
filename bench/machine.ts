/** Describes the machine a table was measured on, in words that mean something elsewhere. */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** One-minute load average before the first row, per core: above 0.2 somebody else was at work. */
  readonly load: number
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release().split('-')[0]} ${process.arch}`,
    node: process.versions.node,
    load: readLoad() / availableParallelism(),
  }
}

function readLoad(): number {
  try {
    return Number.parseFloat(readFileSync('/proc/loadavg', 'utf8'))
  } catch {
    return Number.NaN
  }
}
