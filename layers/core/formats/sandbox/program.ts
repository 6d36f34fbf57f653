/** The reading process's program in one piece: built beside a bundle, or made from the sources here, once per process. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Where a bundled function has it: beside itself. `npm run stage` puts it there. */
const built = fileURLToPath(new URL('./model-reader.mjs', import.meta.url))
const source = fileURLToPath(new URL('./child.ts', import.meta.url))

let program: Promise<string> | undefined

export const readerProgram = (): Promise<string> => {
  program ??= existsSync(built) ? readFile(built, 'utf8') : build()
  return program
}

const build = async (): Promise<string> => {
  // Named by a variable: a bundle must not take the bundler in.
  const bundler = 'esbuild'
  const esbuild = (await import(bundler)) as typeof import('esbuild')
  const { outputFiles } = await esbuild.build({ ...readerBuild, entryPoints: [source], write: false })
  return outputFiles[0]?.text ?? ''
}

/** How the program is built, here and by `npm run stage`. */
export const readerBuild = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  // Libraries in it are written for `require`.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('file:///reader.mjs');" },
} as const
