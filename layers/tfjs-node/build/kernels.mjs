// Builds the native kernels of one target into the cache, or finds them there.
// @ts-check
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleNative } from './bundle.mjs'
import { kernelCacheDirectory, kernelKey, versionOf } from './cache.mjs'
import { compileAddon, findSystemCompiler, isHost } from './compile.mjs'
import { KernelsError, systemCode } from './errors.mjs'
import { extractWheel, wantedFromTensorFlow } from './extract.mjs'
import { fetchWheel } from './fetch.mjs'
import { describeFiles, readTree, writeManifest } from './manifest.mjs'
import { prebindLibrary } from './prebind.mjs'
import { run } from './run.mjs'
import { smokeRun } from './smoke.mjs'
import { freeBytes, gigabytes, neededBytes, requireSpace } from './space.mjs'
import { stage } from './stage.mjs'
import { stripLibrary } from './strip.mjs'
import { chooseTarget, readPins } from './target.mjs'
import { installZig } from './zig.mjs'

/**
 * @typedef {import('./manifest.mjs').Manifest} Manifest
 * @typedef {'wait' | 'download' | 'unpack' | 'compiler' | 'compile' | 'check' | 'pack' | 'note'} Phase
 * @typedef {{ phase: Phase, fraction: number, text: string }} Progress `fraction` is of the phase, 0 to 1
 * @typedef {{ directory: string, manifest: Manifest, made: boolean, seconds: number }} Built
 *
 * @typedef {object} BuildOptions
 * @property {string | undefined} [platform] default: this machine's
 * @property {string | undefined} [arch] default: this machine's
 * @property {'auto' | 'system' | 'zig' | undefined} [compiler] default: auto
 * @property {boolean | undefined} [force] build again although the cache holds it
 * @property {NodeJS.ProcessEnv | undefined} [env]
 * @property {AbortSignal | undefined} [signal]
 * @property {((progress: Progress) => void) | undefined} [onProgress]
 * @property {Partial<Tools> | undefined} [tools] replacements, for tests
 *
 * @typedef {{ run: import('./run.mjs').Run, freeBytes: (directory: string) => Promise<number> }} Tools
 */

/**
 * @param {BuildOptions} [options]
 * @returns {Promise<Built>}
 */
export async function buildKernels(options = {}) {
  const started = Date.now()
  const env = options.env ?? process.env
  const onProgress = options.onProgress ?? (() => undefined)
  const tools = { run, freeBytes, ...options.tools }
  const target = chooseTarget(options)
  const root = kernelCacheDirectory(env)
  const key = kernelKey(target)
  const place = join(root, key)
  const damaged = existsSync(place) && 'problem' in (await readTree(place))
  const { directory, made } = await explainSystemErrors(root, () =>
    stage(
      {
        root,
        name: key,
        replace: options.force === true || damaged,
        signal: options.signal,
        onWait: (pid) =>
          onProgress({ phase: 'wait', fraction: 0, text: `waiting for the same build in process ${pid}` }),
      },
      (temporary) => makeTree({ ...options, env, onProgress, tools, target, root, key, directory: temporary }),
    ),
  )
  const tree = await readTree(directory)
  if ('problem' in tree) throw new KernelsError('damaged', `${tree.problem}. Run the build again with --force.`)
  return { directory, manifest: tree.manifest, made, seconds: (Date.now() - started) / 1000 }
}

/**
 * @typedef {BuildOptions & { env: NodeJS.ProcessEnv, onProgress: (progress: Progress) => void, tools: Tools,
 *   target: import('./target.mjs').Target, root: string, key: string, directory: string }} Making
 * @param {Making} making
 */
async function makeTree(making) {
  const { target, directory, env, signal, onProgress, tools, key, root } = making
  await requireSpace(root, tools.freeBytes)
  const pin = readPins().tensorflow
  const wheel = pin.wheels[target.name]
  const scratch = join(directory, 'scratch')
  await mkdir(scratch)
  const at =
    (/** @type {Phase} */ phase, /** @type {string} */ text) =>
    (fraction = 0) =>
      onProgress({ phase, fraction, text })
  const { run } = tools

  const downloading = at('download', `downloading TensorFlow ${pin.version}, ${Math.round(wheel.bytes / 1e6)} MB`)
  downloading(0)
  const file = await fetchWheel({
    wheel,
    version: pin.version,
    directory: scratch,
    run,
    onFraction: downloading,
    env,
    signal,
  })
  const wanted = wantedFromTensorFlow(target)
  await extractWheel({ wheel: file, directory, wanted, onFraction: at('unpack', 'unpacking'), signal })
  await rm(file)

  const compiler = await compileWithAny(making, scratch, at)
  const libraries = target.libraries.map((name) => join(directory, name))
  await Promise.all(libraries.map(stripLibrary))
  const [all, framework] = /** @type {[string, string]} */ (libraries)
  await prebindLibrary(all, framework)
  await prebindLibrary(framework, all)
  await bundleNative(join(directory, 'native.cjs'))
  await rm(scratch, { recursive: true })
  await rm(join(directory, 'include'), { recursive: true })

  at('check', isHost(target) ? 'running a convolution and a matrix product' : 'hashing the files')(0)
  const smoke = await smokeRun({ target, directory, run, env, signal })
  await writeManifest(directory, {
    format: 1,
    key,
    platform: target.platform,
    arch: target.arch,
    tensorflow: pin.version,
    tfjs: versionOf('@tensorflow/tfjs-node'),
    compiler,
    smoke,
    files: await describeFiles(directory),
  })
  at('check', 'done')(1)
}

/**
 * @param {Making} making
 * @param {string} scratch
 * @param {(phase: Phase, text: string) => (fraction?: number) => void} at
 * @returns {Promise<string>} name of the compiler that did it
 */
async function compileWithAny({ target, directory, env, signal, tools, root, compiler = 'auto' }, scratch, at) {
  const { run } = tools
  const system = compiler === 'zig' ? undefined : await findSystemCompiler({ target, run, env })
  const common = { target, directory, scratch, run, env, signal }
  if (system !== undefined) {
    at('compile', `compiling the addon with ${system.name}`)(0)
    try {
      await compileAddon({ ...common, compiler: system })
      return system.name
    } catch (error) {
      if (compiler === 'system' || signal?.aborted) throw error
      at('note', `${/** @type {Error} */ (error).message}; trying zig instead`)(0)
    }
  } else if (compiler === 'system') {
    throw new KernelsError(
      'compiler',
      `No C++ compiler for ${target.name} was found (tried CXX, g++, clang++, c++). Install one (Debian: apt-get install g++) or leave out --compiler system.`,
    )
  }
  const zig = await installZig({
    root,
    run,
    env,
    signal,
    onFraction: at('compiler', 'fetching the zig compiler, 96 MB'),
  })
  at('compile', `compiling the addon with ${zig.version}, about a minute`)(0)
  await compileAddon({ ...common, compiler: zig.compilerFor(target) })
  return zig.version
}

/**
 * @template T
 * @param {string} root
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function explainSystemErrors(root, work) {
  try {
    return await work()
  } catch (cause) {
    const code = systemCode(cause)
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new KernelsError(
        'disk',
        `The disk of ${root} filled up; nothing was kept. ${gigabytes(neededBytes)} are needed. Free some space or set XDG_CACHE_HOME.`,
        { cause },
      )
    }
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOTDIR') {
      throw new KernelsError(
        'cache',
        `The cache folder ${root} cannot be written (${code}). Set XDG_CACHE_HOME to a folder that can.`,
        { cause },
      )
    }
    throw cause
  }
}
