/** A model to disk in a format: one file, or a folder that may also be a zip or tar.gz; whole or not at all. */
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConflictError, InvalidInputError, messageOf, StorageError } from '../errors.ts'
import { packTarGz, packZip } from './container/pack.ts'
import type { ServableArtifact } from './types.ts'
import { writeFileAtomically } from './write-file.ts'
import { type ModelFormat, type ModelWriter, modelWriters, type WriterDeps } from './writers.ts'

/**
 * Writes to `path` and gives the bytes that were written. A folder of that name must not be there yet, a file is replaced.
 * InvalidInputError for a path that does not go with the format; see `ModelWriter` and `writeFileAtomically` for the others.
 */
export const writeModel = async (
  path: string,
  format: ModelFormat,
  artifact: ServableArtifact,
  deps: WriterDeps,
): Promise<number> => {
  const writer: ModelWriter = modelWriters[format]
  const archive = archiveOf(path)
  if ('write' in writer) {
    if (archive !== undefined) {
      throw new InvalidInputError(`${path}: ${format} is one file, not an archive; give NAME.${writer.extension}`, {
        param: 'path',
      })
    }
    return written(path, await writer.write(artifact, deps))
  }
  const files = await writer.writeFolder(artifact, deps)
  if (archive !== undefined) return written(path, await archive(files))
  if (path.endsWith('.json') && files['model.json']) return writeBeside(path, files)
  return writeFolder(path, files)
}

type Files = Readonly<Record<string, Uint8Array>>

const archiveOf = (path: string): ((files: Files) => Uint8Array | Promise<Uint8Array>) | undefined => {
  if (/\.zip$/i.test(path)) return packZip
  return /\.(tar\.gz|tgz)$/i.test(path) ? packTarGz : undefined
}

const written = async (path: string, bytes: Uint8Array): Promise<number> => {
  await writeFileAtomically(path, bytes)
  return bytes.byteLength
}

const sizeOf = (files: Files): number => Object.values(files).reduce((sum, { byteLength }) => sum + byteLength, 0)

/** `model.json` under a name of its own, last: what it names is there when it is. */
const writeBeside = async (path: string, { 'model.json': model = new Uint8Array(), ...shards }: Files) => {
  for (const [name, bytes] of Object.entries(shards)) await writeFileAtomically(join(dirname(path), name), bytes)
  await writeFileAtomically(path, model)
  return model.byteLength + sizeOf(shards)
}

/** Made beside and moved into place. */
const writeFolder = async (path: string, files: Files): Promise<number> => {
  const place = path.replace(/(?<=.)[/\\]+$/, '')
  const temporary = `${place}.${randomUUID()}.tmp`
  try {
    await mkdir(temporary)
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(temporary, name), bytes, { flush: true })
    await rename(temporary, place)
    return sizeOf(files)
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true })
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') {
      throw new ConflictError(`${place} is there already; give another path, or remove it first`, {
        cause,
        param: 'path',
      })
    }
    throw new StorageError(`cannot write ${place}: ${messageOf(cause)}`, { cause, param: 'path' })
  }
}
