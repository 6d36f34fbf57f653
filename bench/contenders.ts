/** How each contender is started: ours by tsx, Python in its environment, Node peers beside their packages. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compiledOf } from '../functions/local/bundle.mjs'
import { preloadHint, workerEnvironment } from '../functions/local/process.ts'
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

/** As the service starts a model's process: compiled, with an environment of its own. */
export const oursCompiled: CommandOf = async (_, script, args) => ({
  program: process.execPath,
  args: [await compiledOf(path(`peers/ours/${script}.ts`)), ...args],
  env: { ...workerEnvironment(), ...(await preloadHint()) },
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

/** With no more of the environment than ours is started with. */
export const nodeAlone: CommandOf = async (...asked) => ({ ...(await node(...asked)), env: workerEnvironment() })

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
