/** Keys in the object store: one object for a key, one for its counter, both named by the key's hash. */
import { apiKeySchema } from '@maas/core/contract'
import { messageOf, NotFoundError, StorageError } from '@maas/core/errors'
import type { ObjectStore } from '@maas/core/store'
import * as z from 'zod'
import type { KeyStore, StoredKey } from './types.ts'
import { usageSchema } from './usage.ts'

const keyName = (id: string): string => `keys/${id}.json`
const usageName = (id: string): string => `usage/${id}.json`

export const storedKeySchema = apiKeySchema.extend({ id: z.string().regex(/^[0-9a-f]{64}$/) })

export const createObjectKeys = (store: ObjectStore): KeyStore => {
  const read = async <T>(name: string, schema: z.ZodType<T>) => {
    try {
      const { body, info } = await store.get(name)
      return { value: schema.parse(JSON.parse(Buffer.from(body).toString())), etag: info.etag }
    } catch (error) {
      if (error instanceof NotFoundError) return undefined
      if (error instanceof StorageError) throw error
      throw new StorageError(`"${name}" is damaged: ${messageOf(error)}`, { cause: error })
    }
  }
  const bytes = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`)

  return {
    find: async (id) => (await read(keyName(id), storedKeySchema))?.value,
    create: async (key, usage) => {
      // The counter first: a key without one would count as revoked.
      await store.put(usageName(key.id), bytes(usage), { ifAbsent: true })
      await store.put(keyName(key.id), bytes(key), { ifAbsent: true })
    },
    list: async () => {
      const keys: StoredKey[] = []
      let after: string | undefined
      do {
        const page = await store.list('keys/', { ...(after !== undefined && { after }) })
        for (const { key } of page.objects) {
          const found = await read(key, storedKeySchema)
          if (found !== undefined) keys.push(found.value)
        }
        after = page.next
      } while (after !== undefined)
      return keys
    },
    remove: async (id) => {
      if ((await store.head(keyName(id))) === undefined) throw new NotFoundError(`There is no key ${id.slice(0, 12)}.`)
      await store.delete(keyName(id))
      await store.delete(usageName(id))
    },
    usage: async (id) => {
      const found = await read(usageName(id), usageSchema)
      return found && { usage: found.value, etag: found.etag }
    },
    setUsage: async (id, usage, etag) => (await store.put(usageName(id), bytes(usage), { ifMatch: etag })).etag,
  }
}
