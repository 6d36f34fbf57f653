/** Turns the playground's sources into what browsers take: one script, and the other files as they are. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The sources. */
export const playgroundFolder = fileURLToPath(new URL('./playground/', import.meta.url))

export const bundlePlayground = async (): Promise<Uint8Array> => {
  const { outputFiles } = await build({
    entryPoints: [`${playgroundFolder}app.ts`],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    logLevel: 'silent',
  })
  const [script] = outputFiles
  if (script === undefined) throw new Error('esbuild left no script.')
  return script.contents
}
