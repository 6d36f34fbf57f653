/** How the processes of a job start: bundled, which takes a second and a half off each start; where that cannot be, from source, which is said. */
import { fileURLToPath } from 'node:url'
import { messageOf } from '@maas/core/errors'
import { bundleOf } from './bundle.mjs'

/** By the names of their files in `functions/train`. */
type Name = 'main' | 'batch'

export interface JobPrograms<N extends Name> {
  /** For Node, before the program. */
  readonly execArgv: readonly string[]
  /** Absolute paths: all bundled, or none. */
  readonly entries: Readonly<Record<N, string>>
}

export const jobPrograms = async <N extends Name>(
  names: readonly N[],
  notice: (text: string) => void,
): Promise<JobPrograms<N>> => {
  const entries = async (from: (source: string) => Promise<string>) => {
    const each = names.map(async (name) => [name, await from(sourceOf(name))])
    return Object.fromEntries(await Promise.all(each)) as Record<N, string>
  }
  try {
    return { execArgv: [], entries: await entries(bundleOf) }
  } catch (error) {
    notice(`Training starts slower than it could, from source: ${messageOf(error).split('\n')[0]}`)
    return { execArgv: ['--import', import.meta.resolve('tsx')], entries: await entries(async (source) => source) }
  }
}

const sourceOf = (name: Name): string => fileURLToPath(new URL(`../train/${name}.ts`, import.meta.url))
