/** One program of ours as JavaScript in a cache: a process that starts often must not translate TypeScript each time. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))
/** Inside the repository, so that what stays outside the bundle is found beside it. */
const cache = join(repository, 'node_modules', '.cache', 'maas')
/** What a bundle may be made of; all of it decides the bundle's name. */
const sources = ['layers/core', 'functions', 'package-lock.json']

/** Native parts, files beside their code, or large and seldom needed. */
const external = ['@maas/tfjs-node', 'sharp', '@tensorflow/*', 'h5wasm', '@aws-sdk/*', '@smithy/*']

const banner = {
  js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
}

/**
 * The bundle of `entry`, an absolute path, made unless the cache holds that of the same sources.
 * @throws whatever keeps it from being made, such as a folder that cannot be written
 */
export const bundleOf = async (entry: string): Promise<string> => {
  const name = basename(entry).replace(/\.ts$/, '')
  const directory = join(cache, `${name}-${await hashOf([entry, ...(await filesBelow(sources))])}`)
  const bundle = join(directory, `${name}.mjs`)
  if (existsSync(bundle)) return bundle
  const { build, stop } = await import('esbuild')
  await mkdir(cache, { recursive: true })
  const unfinished = await mkdtemp(`${directory}.`)
  try {
    await build({
      ...{ entryPoints: [entry], outdir: unfinished, absWorkingDir: repository, banner, external },
      // Its CommonJS build asks for its parts by a `require` that bundlers do not see.
      alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
      ...{ bundle: true, minify: true, splitting: true, format: 'esm', outExtension: { '.js': '.mjs' } },
      ...{ platform: 'node', target: 'node20', keepNames: true, sourcemap: 'linked', logLevel: 'silent' },
    })
    await rename(unfinished, directory)
  } catch (error) {
    // Another process was first: its bundle is as good.
    if (!existsSync(bundle)) throw error
  } finally {
    // Its process would stay as long as this one.
    await stop()
    await rm(unfinished, { recursive: true, force: true })
  }
  await sweep(name, directory)
  return bundle
}

/** Bundles of older sources; one that a running process still loads from is a day old at most. */
const sweep = async (name: string, keep: string): Promise<void> => {
  for (const entry of await readdir(cache)) {
    const path = join(cache, entry)
    if (!entry.startsWith(`${name}-`) || path === keep) continue
    const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs
    if (age > 24 * 60 * 60 * 1000) await rm(path, { recursive: true, force: true })
  }
}

const filesBelow = async (roots: readonly string[]): Promise<string[]> => {
  const each = roots.map(async (root) => {
    const path = join(repository, root)
    if (root.endsWith('.json')) return [path]
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name))
  })
  return (await Promise.all(each)).flat().sort()
}

const hashOf = async (files: readonly string[]): Promise<string> => {
  const hash = createHash('sha256').update(await readFile(fileURLToPath(import.meta.url)))
  const contents = await Promise.all(files.map((file) => readFile(file)))
  for (const [index, content] of contents.entries()) {
    hash.update(`\0${relative(repository, files[index] as string)}\0`).update(content)
  }
  return hash.digest('hex').slice(0, 20)
}
