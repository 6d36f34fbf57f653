// Bundles tfjs-node's own TypeScript into one file, native.cjs, that needs no node_modules.
// @ts-check
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const native = (/** @type {string} */ name) => fileURLToPath(new URL(`../native/${name}`, import.meta.url))

/**
 * tfjs-node's `src/*.ts` is bundled, not its ES5 `dist`: an ES5 class cannot extend tfjs-core's ES2017 one.
 * @type {import('esbuild').Plugin}
 */
const replacements = {
  name: 'replacements',
  setup({ onResolve, onLoad }) {
    const fromTfjsNode = (/** @type {string} */ importer) => /[\\/]tfjs-node[\\/]src[\\/]/.test(importer)
    onResolve({ filter: /^util$/ }, ({ importer }) =>
      fromTfjsNode(importer) ? { path: native('util-shim.cjs') } : undefined,
    )
    onResolve({ filter: /\/proto\/api_pb$/ }, () => ({ path: native('proto-shim.cjs') }))
    onResolve({ filter: /^@tensorflow\/tfjs(-core)?$/ }, () => ({ path: 'held', namespace: 'tf' }))
    onLoad({ filter: /^held$/, namespace: 'tf' }, () => ({
      contents: `module.exports = require(${JSON.stringify(native('tf-holder.cjs'))}).tf`,
      resolveDir: native('.'),
    }))
  },
}

/** @param {string} outfile */
export async function bundleNative(outfile) {
  await build({
    entryPoints: [native('factory.cjs')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
    banner: { js: '/* Contains @tensorflow/tfjs-node, Copyright Google LLC, Apache-2.0. */' },
    plugins: [replacements],
    tsconfigRaw: '{}',
  })
}
