// Compiles tfjs-node's addon against TensorFlow's own library, with the system's C++ compiler or with zig.
// @ts-check
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KernelsError } from './errors.mjs'
import { patchBinding } from './patch.mjs'

/**
 * @typedef {{ name: string, command: string, prefix: readonly string[] }} Compiler
 * @typedef {import('./target.mjs').Target} Target
 */

/** Oldest C library the addon runs on; that of Amazon Linux 2 is 2.26, of TensorFlow's wheel 2.27. */
const glibc = '2.27'

/**
 * @param {Target} target
 * @returns {boolean} true when a compiler of this machine makes code for `target`
 */
export const isHost = (target) => target.platform === process.platform && target.arch === process.arch

/**
 * @param {object} options
 * @param {Target} options.target
 * @param {import('./run.mjs').Run} options.run
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {Promise<Compiler | undefined>} the first working C++ compiler; undefined means: use zig
 */
export async function findSystemCompiler({ target, run, env }) {
  if (!isHost(target)) return undefined
  const candidates = [env.CXX, 'g++', 'clang++', 'c++'].filter((name) => name !== undefined)
  for (const command of candidates) {
    const { status, output } = await run(command, ['--version'], { env })
    if (status === 0) return { name: output.split('\n')[0] ?? command, command, prefix: [] }
  }
  return undefined
}

/**
 * @param {string} zig path of the zig program
 * @param {string} version
 * @param {Target} target
 * @returns {Compiler}
 */
export function zigCompiler(zig, version, target) {
  const cpu = target.arch === 'x64' ? 'x86_64' : 'aarch64'
  const triple = target.platform === 'darwin' ? `${cpu}-macos` : `${cpu}-linux-gnu.${glibc}`
  return { name: `zig ${version}`, command: zig, prefix: ['c++', '-target', triple] }
}

/**
 * @typedef {object} Compiling
 * @property {Compiler} compiler
 * @property {Target} target
 * @property {string} directory holds `include/` and the libraries; receives the addon
 * @property {string} scratch for the compiler's own temporary files
 * @property {import('./run.mjs').Run} run
 * @property {NodeJS.ProcessEnv} env
 * @property {AbortSignal | undefined} signal
 */

/** @param {Compiling} compiling */
export async function compileAddon(compiling) {
  const { target, directory, scratch } = compiling
  const require = createRequire(import.meta.url)
  const source = dirname(require.resolve('@tensorflow/tfjs-node/package.json'))
  const binding = join(scratch, 'binding')
  await patchBinding(join(source, 'binding'), binding)
  const files = readdirSync(binding).filter((name) => name.endsWith('.cc'))
  const withNode = [`-I${require('node-api-headers').include_dir}`, '-DNAPI_VERSION=8', '-pthread']
  const native = (/** @type {string} */ name) => fileURLToPath(new URL(`../native/${name}`, import.meta.url))
  const withTensorFlow = [
    `-I${join(directory, 'include')}`,
    ...withNode,
    ...target.libraries.map((name) => join(directory, name)),
    `-Wl,-rpath,${target.platform === 'darwin' ? '@loader_path' : '$ORIGIN'}`,
  ]
  const sources = files.map((name) => join(binding, name))
  await link(compiling, 'tfjs_binding.node', ['-DNODE_GYP_MODULE_NAME=tfjs_binding', ...sources, ...withTensorFlow])
  await link(compiling, 'session.node', [native('session.cc'), ...withTensorFlow])
  await link(compiling, 'quiet.node', [
    native('quiet.cc'),
    ...withNode,
    ...(target.platform === 'linux' ? ['-ldl'] : []),
  ])
}

/**
 * @param {Compiling} compiling
 * @param {string} name file to make
 * @param {readonly string[]} inputs
 */
async function link({ compiler, target, directory, scratch, run, env, signal }, name, inputs) {
  // Threads of ours run its code until the process ends, also when the worker thread that loaded it has ended.
  const platform = target.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : ['-s', '-Wl,-z,nodelete']
  const ran = await run(
    compiler.command,
    [
      ...compiler.prefix,
      ...['-O2', '-std=c++17', '-fPIC', '-shared', ...platform, ...inputs],
      ...['-o', join(directory, name)],
    ],
    {
      env: { ...env, TMPDIR: scratch, ZIG_GLOBAL_CACHE_DIR: scratch, ZIG_LOCAL_CACHE_DIR: scratch },
      signal,
    },
  )
  if (ran.status === 0) return
  const lines = ran.output.trim().split('\n')
  const said = lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? ''
  throw new KernelsError('compile', `${compiler.name} could not compile the addon: ${said}`)
}
