/** How each contender is started: ours by tsx, Python in its environment, Node peers beside their packages. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundleOf } from '../functions/local/bundle.mjs'
import type { Contender } from './interleave.ts'
import { type Command, startPeer } from './peer.ts'
import type { Bench } from './types.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** Its process's working directory is the folder the script lies in. */
export type CommandOf = (bench: Bench, script: string, args: readonly string[]) => Promise<Command>

export const ours: CommandOf = async (_, script, args) => ({
  program: process.execPath,
  args: ['--import', tsx, path(`peers/ours/${script}.ts`), ...args],
})

/** As the service starts a model's process: bundled. */
export const oursBundled: CommandOf = async (_, script, args) => ({
  program: process.execPath,
  args: [await bundleOf(path(`peers/ours/${script}.ts`)), ...args],
})

export const python: CommandOf = async (bench, script, args) => ({
  program: await bench.python(),
  args: [path(`peers/python/${script}.py`), ...args],
  env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
})

export const node: CommandOf = async (bench, script, args) => ({
  program: process.execPath,
  args: [join(await bench.node(), `${script}.mjs`), ...args],
})

/** A contender that runs `script` on the bench's model; `more` are further arguments. */
export const onModel = (
  bench: Bench,
  name: string,
  command: CommandOf,
  script: string,
  more: readonly string[] = [],
): Contender => ({
  name,
  start: async () => startPeer(await command(bench, script, [await bench.fixtures(), ...more])),
})
