/** Pushing a model into a folder of this machine: the same import as over HTTP, without a service. */
import { randomBytes, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { Import, ImportRequest } from '@maas/core/contract'
import { checked, importRequestSchema } from '@maas/core/contract'
import { NotFoundError } from '@maas/core/errors'
import { createRegistry } from '@maas/core/registry'
import { createFileStore, measureFile } from '@maas/core/store'
import { createLocalImports, type LocalImports } from './checks.ts'

/** Imports and replays in the store at `directory`, for one command. */
export const openLocalImports = (directory: string, say: (text: string) => void): LocalImports => {
  const store = createFileStore(directory)
  return createLocalImports({
    store,
    registry: createRegistry(store),
    say,
    secret: randomBytes(32),
    ids: randomUUID,
    clock: Date.now,
  })
}

export interface LocalPush extends Omit<ImportRequest, 'files'> {
  /** Folder that the paths are relative to. */
  readonly directory: string
  /** Paths with `/`; the first is the model. */
  readonly files: readonly string[]
}

/** The import as it ended: `registered`, or `failed` with its report. */
export const pushModel = async (
  { directory, files, ...about }: LocalPush,
  { imports, files: port, check, prepare }: LocalImports,
): Promise<Import> => {
  prepare()
  const announced = await Promise.all(
    files.map(async (path) => {
      const file = join(directory, path)
      const measured = await measureFile(file).catch((cause: unknown) => {
        throw new NotFoundError(`${file} does not exist`, { cause, param: path })
      })
      return { path, ...measured }
    }),
  )
  const { id, uploads = [] } = await imports.create(
    checked(importRequestSchema, { ...about, files: announced }, 'push'),
  )
  for (const { path, sha256, size } of announced) {
    const upload = uploads.find((each) => each.sha256 === sha256 && each.size === size)
    if (upload?.status !== 'pending') continue
    const file = { key: upload.key, size, sha256, partBytes: upload.part_bytes, token: '' }
    await port.store(file, createReadStream(join(directory, path), { highWaterMark: 1 << 20 }))
  }
  await imports.complete(id)
  await check(id)
  return imports.get(id)
}
