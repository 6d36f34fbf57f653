/** An object store in memory whose every call is one indivisible step, so that a test can order the steps of rivals. */
import { readFile, writeFile } from 'node:fs/promises'
import { ConflictError, NotFoundError } from '@maas/core/errors'
import { type Condition, checkedKey, type ObjectInfo, type ObjectStore } from '@maas/core/store'

interface Entry {
  readonly info: ObjectInfo
  readonly body: Uint8Array
}

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

export const createMemoryStore = (now: () => Date = () => new Date()): ObjectStore => {
  const entries = new Map<string, Entry>()
  let writes = 0

  const check = (key: string, condition: Condition | undefined): void => {
    const etag = entries.get(key)?.info.etag
    const holds = condition === undefined || ('ifAbsent' in condition ? etag === undefined : etag === condition.ifMatch)
    if (!holds) throw new ConflictError(`"${key}" is not what it was`)
  }
  const existing = (key: string): Entry => {
    const entry = entries.get(key)
    if (entry === undefined) throw new NotFoundError(`"${key}" does not exist`)
    return entry
  }

  const same = ({ key, etag }: ObjectInfo): Uint8Array => {
    const entry = entries.get(key)
    if (entry?.info.etag !== etag) throw new ConflictError(`"${key}" is not what it was when it was read`)
    return entry.body
  }

  return {
    async get(key) {
      return existing(key)
    },
    async getFile(key, path) {
      await writeFile(path, existing(key).body, { flag: 'wx' })
    },
    async stream(key) {
      const { body } = existing(key)
      return (async function* () {
        yield body
      })()
    },
    async head(key) {
      return entries.get(key)?.info
    },
    async put(key, content, condition) {
      const body = content instanceof Uint8Array ? content : same(content.info)
      checkedKey(key)
      check(key, condition)
      const info = { key, size: body.length, etag: `e${++writes}`, modifiedAt: now() }
      entries.set(key, { info, body })
      return info
    },
    async putFile(key, path, condition) {
      return this.put(key, await readFile(path), condition)
    },
    async putStream(key, body, condition) {
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      return this.put(key, Buffer.concat(chunks), condition)
    },
    async delete(key, condition) {
      check(key, condition)
      entries.delete(key)
    },
    async list(prefix, { delimiter, after = '' } = {}) {
      const keys = [...entries.keys()].filter((key) => key.startsWith(prefix) && key > after).sort(compare)
      const folder = (key: string) => /^[^/]*\//.exec(key.slice(prefix.length))?.[0]
      const inFolders = delimiter === undefined ? [] : keys.filter((key) => folder(key) !== undefined)
      return {
        objects: keys.filter((key) => !inFolders.includes(key)).map((key) => existing(key).info),
        prefixes: [...new Set(inFolders.map((key) => `${prefix}${folder(key)}`))],
      }
    },
  }
}
