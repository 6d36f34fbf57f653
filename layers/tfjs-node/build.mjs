#!/usr/bin/env node
// The command `npm run build:kernels`: builds native kernels, and on request the files that images and layers ship.
// @ts-check
import { parseArgs } from 'node:util'
import { KernelsError, UsageError } from './build/errors.mjs'
import { buildKernels } from './build/kernels.mjs'
import { showProgress } from './build/progress.mjs'

const help = `Build TensorFlow's native kernels for Node from pinned public packages.

Usage: npm run build:kernels -- [options]

  --arch ARCH        x64 or arm64 (default: this machine's)
  --platform NAME    linux or darwin (default: this machine's; darwin is untested)
  --compiler NAME    auto, system or zig (default: auto)
  --dist             also lay out dist/ARCH/opt, the tree for a container image
  --bundle           also lay out dist/ARCH/layer, the compressed bundle for a Lambda layer (implies --dist)
  --force            build again although the cache holds it
  --json             print the result as JSON on standard output
  --help             show this

Examples:
  npm run build:kernels                             for this machine, into the cache
  npm run build:kernels -- --arch arm64 --bundle    what a deployment to arm64 ships

The cache is $XDG_CACHE_HOME/maas/kernels (default ~/.cache/maas/kernels). pip's own settings (index, proxy) apply.`

/** @returns {Record<string, string | boolean | undefined>} */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        arch: { type: 'string' },
        platform: { type: 'string' },
        compiler: { type: 'string', default: 'auto' },
        dist: { type: 'boolean' },
        bundle: { type: 'boolean' },
        force: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (!['auto', 'system', 'zig'].includes(values.compiler)) {
      throw new UsageError(`--compiler is "${values.compiler}"; allowed are auto, system and zig`)
    }
    return values
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${/** @type {Error} */ (error).message.split('. ')[0]}. See --help.`)
  }
}

/** @param {AbortSignal} signal */
async function main(signal) {
  const { json, help: wantsHelp, dist, bundle, ...options } = readOptions()
  if (wantsHelp) return console.log(help)
  const progress = showProgress()
  try {
    const built = await buildKernels({ ...options, signal, onProgress: progress.onProgress })
    const shipped = dist || bundle ? await ship(built, { bundle: bundle === true, signal, ...progress }) : {}
    progress.stop()
    if (json) return console.log(JSON.stringify({ ...built, ...shipped }, null, 2))
    const verb = built.made ? `built in ${built.seconds.toFixed(0)} s` : 'already built'
    const { manifest } = built
    const unchecked = manifest.smoke === 'skipped' ? ', not run: this machine cannot run them' : ''
    console.log(
      `Native kernels ${verb}: TensorFlow ${manifest.tensorflow}, ${manifest.platform}-${manifest.arch}${unchecked}`,
    )
    for (const path of [built.directory, ...Object.values(shipped)]) console.log(`  ${path}`)
  } finally {
    progress.stop()
  }
}

/**
 * @param {import('./build/kernels.mjs').Built} built
 * @param {import('./build/dist.mjs').ShipOptions} options
 */
async function ship(built, options) {
  const { writeDist } = await import('./build/dist.mjs')
  return writeDist(built, options)
}

const stopping = new AbortController()
for (const [name, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])) {
  process.once(name, () => {
    process.exitCode = code
    stopping.abort()
  })
}
try {
  await main(stopping.signal)
} catch (error) {
  if (stopping.signal.aborted) console.error('Stopped; nothing half-made was kept.')
  else if (error instanceof KernelsError) {
    console.error(error.message)
    process.exitCode = error instanceof UsageError ? 2 : 1
  } else throw error
}
