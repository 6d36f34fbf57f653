/** Listing of the file store: walks the directories in key order and hides everything that is not an object. */
import { join } from 'node:path'
import { entriesIn, type FileSystem } from './generations.ts'
import { byKey, checkedLimit, checkedPrefix } from './keys.ts'
import type { ListPage, ObjectInfo, ObjectStore } from './types.ts'

/** `#` ends the directory of an object and begins names of the store's own, so it is escaped inside keys. */
export const segmentToName = (segment: string): string => segment.replace(/[%#]/g, encodeURIComponent)

const nameToSegment = (name: string): string => name.replaceAll('%23', '#').replaceAll('%25', '%')

interface Deps {
  readonly fs: FileSystem
  readonly head: ObjectStore['head']
}

interface Entry {
  /** The key of an object, or of a folder with its final `/`. */
  readonly key: string
  readonly path: string
  readonly isObject: boolean
}

const entriesOf = async (fs: FileSystem, path: string, folder: string): Promise<readonly Entry[]> =>
  (await entriesIn(fs, path))
    .filter((entry) => entry.isDirectory() && /^[^#]+#?$/.test(entry.name))
    .map(({ name }) => {
      const isObject = name.endsWith('#')
      const segment = nameToSegment(isObject ? name.slice(0, -1) : name)
      return { key: `${folder}${segment}${isObject ? '' : '/'}`, path: join(path, name), isObject }
    })
    .sort((a, b) => byKey(a.key, b.key))

type Found = ObjectInfo | { readonly prefix: string }

async function* walk(
  path: string,
  folder: string,
  options: { readonly prefix: string; readonly after: string; readonly delimiter: boolean },
  deps: Deps,
): AsyncGenerator<Found> {
  const { prefix, after } = options
  for (const entry of await entriesOf(deps.fs, path, folder)) {
    const inside = entry.key.startsWith(prefix)
    if (!inside && (entry.isObject || !prefix.startsWith(entry.key))) continue
    // All keys of a folder lie together: either `after` is among them, or the whole folder is on one side.
    if (byKey(entry.key, after) <= 0 && (entry.isObject || !after.startsWith(entry.key))) continue
    if (entry.isObject) {
      const info = await deps.head(entry.key)
      if (info !== undefined) yield info
    } else if (inside && options.delimiter) {
      if (entry.key === after) continue
      const first = await walk(entry.path, entry.key, { ...options, delimiter: false }, deps).next()
      if (!first.done) yield { prefix: entry.key }
    } else {
      yield* walk(entry.path, entry.key, options, deps)
    }
  }
}

/** One page; `next` is the last key or prefix of the page, after which the next page goes on. */
export const listFiles = async (
  root: string,
  prefix: string,
  { delimiter, after = '', limit }: NonNullable<Parameters<ObjectStore['list']>[1]>,
  deps: Deps,
): Promise<ListPage> => {
  const folders = checkedPrefix(prefix)
  const size = checkedLimit(limit)
  const start = join(root, ...folders.map(segmentToName))
  const found: Found[] = []
  const options = { prefix, after, delimiter: delimiter !== undefined }
  for await (const item of walk(start, folders.map((folder) => `${folder}/`).join(''), options, deps)) {
    if (found.length === size) {
      const last = found.at(-1)
      return { ...pageOf(found), ...(last && { next: 'prefix' in last ? last.prefix : last.key }) }
    }
    found.push(item)
  }
  return pageOf(found)
}

const pageOf = (found: readonly Found[]): ListPage => ({
  objects: found.filter((item) => 'key' in item),
  prefixes: found.filter((item) => 'prefix' in item).map((item) => item.prefix),
})
