/** A folder as a source of files. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { limits } from '../../contract/index.ts'
import { messageOf } from '../../errors.ts'
import { checkCanceled, createPace } from '../pace.ts'
import { Listing, type Source, type SourceFile, tooLargeProblem } from './entry.ts'

/** Files read at once: enough to hide the disk, few enough to stay under any limit on open files. */
const parallelReads = 32

export async function openDirectory(location: string, signal?: AbortSignal): Promise<Source> {
  const listing = new Listing(location)
  const pace = createPace({ signal })
  for (const item of await readdir(location, { recursive: true, withFileTypes: true })) {
    const path = relative(location, join(item.parentPath, item.name)).split(sep).join('/')
    const what = item.isFile() ? 'file' : item.isDirectory() ? 'folder' : item.isSymbolicLink() ? 'link' : 'other'
    listing.add(path, what)
    if (listing.entries.length % 512 === 0) await pace.breathe()
  }
  // The system's own order differs from machine to machine.
  listing.entries.sort((a, b) => (a.path < b.path ? -1 : 1))
  return {
    name: basename(location),
    kind: 'directory',
    entries: listing.entries,
    folders: listing.folders,
    async *read(wanted, { maxBytes = limits.archiveEntryBytes, signal } = {}) {
      const paths = listing.entries.map((entry) => entry.path).filter(wanted)
      for (let first = 0; first < paths.length; first += parallelReads) {
        checkCanceled(signal)
        const slice = paths.slice(first, first + parallelReads)
        yield* await Promise.all(slice.map((path) => readOne(location, path, maxBytes)))
      }
    },
  }
}

async function readOne(location: string, path: string, maxBytes: number): Promise<SourceFile> {
  try {
    const file = join(location, path)
    const { size } = await stat(file)
    if (size > maxBytes) return { path, problem: tooLargeProblem(size, maxBytes) }
    return { path, bytes: await readFile(file) }
  } catch (error) {
    return { path, problem: messageOf(error) }
  }
}
