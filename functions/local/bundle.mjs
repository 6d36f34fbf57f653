// One program of ours as JavaScript in a cache: a process that starts often, or runs for long, must not translate TypeScript itself.
// Plain JavaScript, because the command line asks for it before anything is translated.
// @ts-check
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))
/** Inside the repository, so that what stays outside the bundle is found beside it. */
const cache = join(repository, 'node_modules', '.cache', 'maas')
/** What a bundle may be made of; all of it decides the bundle's name. */
const sources = ['layers/core', 'layers/tfjs-node', 'functions', 'sdk/src', 'package-lock.json']

/** Native parts, or large and seldom needed. */
const external = ['sharp', '@tensorflow/*', 'h5wasm', '@aws-sdk/*', '@smithy/*', 'esbuild', 'tsx']

const banner = {
  js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
}

/**
 * Our own files find what lies beside them where they were written, not where the bundle is.
 *
 * @type {import('esbuild').Plugin}
 */
const inPlace = {
  name: 'in place',
  setup({ onLoad, esbuild }) {
    onLoad({ filter: /\.m?ts$|\.mjs$/ }, async ({ path }) => {
      if (path.includes('node_modules')) return undefined
      const text = await readFile(path, 'utf8')
      if (!text.includes('import.meta.url')) return undefined
      const { code } = await esbuild.transform(text, {
        loader: path.endsWith('ts') ? 'ts' : 'js',
        sourcefile: path,
        sourcemap: 'inline',
        target: 'node20',
        define: { 'import.meta.url': JSON.stringify(pathToFileURL(path).href) },
        tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      })
      return { contents: code, loader: 'js' }
    })
  },
}

/**
 * The modules of `entry`, an absolute path, made unless the cache holds those of the same sources.
 *
 * @param {string} entry
 */
export const bundleOf = (entry) => {
  const name = nameOf(entry)
  return made(entry, name, `${name}.mjs`, {
    entryPoints: [entry],
    banner,
    external: [...external, '@maas/tfjs-node'],
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
  })
}

const starter = fileURLToPath(new URL('./start.ts', import.meta.url))

/**
 * What starts `entry` as fast as can be: one file, of which `start.ts` keeps what V8 compiled. Node reads modules of its
 * newer kind one by one, over other threads, and compiles them each time.
 *
 * @param {string} entry
 */
export const compiledOf = (entry) =>
  made(entry, `${nameOf(entry)}-compiled`, 'start.cjs', {
    entryPoints: { program: entry, start: starter },
    external,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    // Code that V8 compiled earlier has forgotten how to import: what is outside of the bundle is required.
    supported: { 'dynamic-import': false },
  })

/** @param {string} entry */
const nameOf = (entry) => basename(entry).replace(/\.ts$/, '')

/**
 * @param {string} entry
 * @param {string} name of the folder in the cache, before the hash of what it is made of
 * @param {string} file to start
 * @param {import('esbuild').BuildOptions} options
 */
const made = async (entry, name, file, options) => {
  const directory = join(cache, `${name}-${await hashOf([entry, ...(await filesBelow(sources))])}`)
  const bundle = join(directory, file)
  if (!existsSync(bundle)) {
    await inTurn(() => build(directory, bundle, options))
    await sweep(name, directory)
  }
  return bundle
}

/** @type {Promise<unknown>} */
let last = Promise.resolve()

/**
 * One at a time: who is done stops esbuild's process, and a build that still ran there would never end.
 *
 * @template T
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
const inTurn = (task) => {
  const result = last.then(task)
  last = result.catch(() => {})
  return result
}

/**
 * @param {string} directory
 * @param {string} bundle the file in it that tells that it is whole
 * @param {import('esbuild').BuildOptions} options
 */
const build = async (directory, bundle, options) => {
  if (existsSync(bundle)) return
  const esbuild = await import('esbuild')
  await mkdir(cache, { recursive: true })
  const unfinished = await mkdtemp(`${directory}.`)
  try {
    await esbuild.build({
      outdir: unfinished,
      absWorkingDir: repository,
      plugins: [inPlace],
      bundle: true,
      // Its CommonJS build asks for its parts by a `require` that bundlers do not see.
      alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
      // Not the names: keeping them apart from shortened ones costs a call for every function that is made.
      minifySyntax: true,
      minifyWhitespace: true,
      platform: 'node',
      target: 'node20',
      sourcemap: 'linked',
      logLevel: 'silent',
      ...options,
    })
    await rename(unfinished, directory)
  } catch (error) {
    // Another process was first: its bundle is as good.
    if (!existsSync(bundle)) throw error
  } finally {
    // Its process would stay as long as this one.
    await esbuild.stop()
    await rm(unfinished, { recursive: true, force: true })
  }
}

/**
 * Bundles of older sources; one that a running process still loads from is a day old at most.
 *
 * @param {string} name
 * @param {string} keep
 */
const sweep = async (name, keep) => {
  for (const entry of await readdir(cache)) {
    const path = join(cache, entry)
    // A name may begin as another's does: only the hash follows.
    if (!entry.startsWith(`${name}-`) || !/^[0-9a-f]{20}/.test(entry.slice(name.length + 1)) || path === keep) continue
    const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs
    if (age > 24 * 60 * 60 * 1000) await rm(path, { recursive: true, force: true })
  }
}

/** @param {readonly string[]} roots */
const filesBelow = async (roots) => {
  const each = roots.map(async (root) => {
    const path = join(repository, root)
    if (root.endsWith('.json')) return [path]
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && /\.m?ts$|\.mjs$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !relative(repository, file).includes('node_modules'))
  })
  return (await Promise.all(each)).flat().sort()
}

/**
 * Of what is in the files and of where they are, which a bundle holds too.
 *
 * @param {readonly string[]} files
 */
const hashOf = async (files) => {
  const hash = createHash('sha256').update(repository)
  const contents = await Promise.all(files.map((file) => readFile(file)))
  for (const [index, content] of contents.entries()) {
    hash.update(`\0${relative(repository, /** @type {string} */ (files[index]))}\0`).update(content)
  }
  return hash.digest('hex').slice(0, 20)
}
