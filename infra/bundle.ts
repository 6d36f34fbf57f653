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
    ...{ entryPoints: [join(repository, entry)], outfile, absWorkingDir: repository, banner, external, alias },
    ...{ bundle: true, minify: true, keepNames: true, sourcemap: 'linked', logLevel: 'warning' },
    ...{ platform: 'node', target: 'node22', format: 'esm' },
  })
}

/** Beside check's handler, by the names under which it and its own process start them. */
export const checkPrograms = {
  vet: 'functions/check/child.ts',
  child: 'layers/core/formats/hdf5/child.mjs',
} as const
