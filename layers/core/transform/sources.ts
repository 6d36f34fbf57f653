/** What holds a transform's inputs: a path of this machine, or a key or prefix of the object store. */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { limits } from '../contract/index.ts'
import { Listing, tooLargeProblem } from '../data/source/entry.ts'
import { openSource, type Source, type SourceFile } from '../data/source/index.ts'
import { messageOf, NotFoundError } from '../errors.ts'
import { type ObjectInfo, type ObjectStore, objectsBelow } from '../store/index.ts'
import type { StampedSource } from './items.ts'

/** Objects read at once. */
const parallelReads = 16

const isArchive = (key: string): boolean => /\.(zip|tar|tgz|gz)$/i.test(key)

const stampOfFile = async (path: string): Promise<string> => {
  const { size, mtimeMs } = await stat(path)
  return `${size}-${mtimeMs}`
}

/** A folder, an archive or a file of this machine. */
export const pathSource = async (location: string, signal?: AbortSignal): Promise<StampedSource> => {
  const source = await openSource(location, signal)
  if (source.kind !== 'directory') {
    const stamp = await stampOfFile(location)
    return { source, stampOf: () => stamp }
  }
  const stamps = new Map<string, string>()
  for (let from = 0; from < source.entries.length; from += 256) {
    const some = source.entries.slice(from, from + 256)
    const found = await Promise.all(some.map(({ path }) => stampOfFile(join(location, path))))
    for (const [index, { path }] of some.entries()) stamps.set(path, found[index] as string)
  }
  return { source, stampOf: (path) => stamps.get(path) ?? '' }
}

export interface FetchedSource extends StampedSource {
  /** Removes what was fetched. */
  close(): Promise<void>
}

/** One object, which is fetched into a temporary folder, or all below a prefix, each fetched when it is read. NotFoundError when there is nothing. */
export const storeSource = async (store: ObjectStore, key: string, signal?: AbortSignal): Promise<FetchedSource> => {
  const whole = await store.head(key.replace(/\/$/, ''))
  if (whole !== undefined && isArchive(whole.key)) return fetched(store, whole, signal)
  if (whole !== undefined) return { ...below(store, `${dirname(whole.key)}/`, [whole]), close: async () => {} }
  const prefix = key.endsWith('/') ? key : `${key}/`
  const objects: ObjectInfo[] = []
  for await (const object of objectsBelow(store, prefix)) if (!object.key.endsWith('/')) objects.push(object)
  const [only, ...others] = objects
  if (only === undefined) {
    throw new NotFoundError(`There is nothing at ${key} in the store. Put a data set there: npx maas upload FILE.`, {
      param: 'TransformInput.DataSource.S3DataSource.S3Uri',
    })
  }
  if (others.length === 0 && isArchive(only.key)) return fetched(store, only, signal)
  return { ...below(store, prefix, objects), close: async () => {} }
}

const fetched = async (store: ObjectStore, { key, etag }: ObjectInfo, signal?: AbortSignal): Promise<FetchedSource> => {
  const folder = await mkdtemp(join(tmpdir(), 'maas-transform-'))
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    const path = join(folder, basename(key))
    const content = Readable.from(await store.stream(key), { objectMode: false })
    await pipeline(content, createWriteStream(path), { ...(signal && { signal }) })
    return { source: await openSource(path, signal), stampOf: () => etag, close }
  } catch (error) {
    await close()
    throw error
  }
}

const below = (store: ObjectStore, prefix: string, objects: readonly ObjectInfo[]): StampedSource => {
  const listing = new Listing(prefix)
  const found = new Map<string, ObjectInfo>()
  for (const object of objects) {
    const path = listing.add(object.key.slice(prefix.length), 'file', object.size)
    if (path !== undefined) found.set(path, object)
  }
  const readOne = async (path: string, maxBytes: number): Promise<SourceFile> => {
    const { key, size } = found.get(path) as ObjectInfo
    if (size > maxBytes) return { path, problem: tooLargeProblem(size, maxBytes) }
    try {
      return { path, bytes: (await store.get(key)).body }
    } catch (error) {
      if (error instanceof NotFoundError) return { path, problem: messageOf(error) }
      throw error
    }
  }
  const source: Source = {
    name: prefix.replace(/\/$/, ''),
    kind: 'directory',
    entries: listing.entries,
    folders: listing.folders,
    async *read(wanted, { maxBytes = limits.archiveEntryBytes, signal } = {}) {
      const paths = listing.entries.map(({ path }) => path).filter(wanted)
      for (let first = 0; first < paths.length; first += parallelReads) {
        signal?.throwIfAborted()
        yield* await Promise.all(paths.slice(first, first + parallelReads).map((path) => readOne(path, maxBytes)))
      }
    },
  }
  return { source, stampOf: (path) => found.get(path)?.etag ?? '' }
}
