/** One function or program as one file, as it is deployed. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export const repository = fileURLToPath(new URL('..', import.meta.url))

/** CommonJS dependencies ask for `require`, which modules lack. */
const banner = {
  js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
}

/** Its CommonJS build asks for its parts by a `require` that bundlers do not see. */
const alias = { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' }

/** Kept out of bundles: sharp has native parts; WASM serves only where there are no native kernels. */
const external = ['sharp', '@tensorflow/tfjs-backend-wasm']

/** `entry` is named from the repository's root. */
export const bundle = async (entry: string, outfile: string): Promise<void> => {
  await build({
    entryPoints: [join(repository, entry)],
    outfile,
    absWorkingDir: repository,
    banner,
    external,
    alias,
    bundle: true,
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    logLevel: 'warning',
    platform: 'node',
    target: 'node22',
    format: 'esm',
  })
}

/** Beside what vets a model, by the names under which they start each other: the process that touches it, and those that read its files. */
export const checkPrograms = {
  vet: 'functions/check/child.ts',
  child: 'layers/core/formats/hdf5/child.mjs',
  'model-reader': 'layers/core/formats/sandbox/child.ts',
} as const

/** Of the predict image started as `serve`, beside `checkPrograms`. */
export const servePrograms = {
  serve: 'functions/local/container/main.ts',
  worker: 'functions/local/worker.ts',
} as const
