/** API keys: made, listed, revoked. What is stored is the hash; a key is seen once, by whoever made it. */
import { type KeyOperation, newKeySchema } from '@maas/core/contract'
import { InvalidInputError, NotFoundError } from '@maas/core/errors'
import { type AppOptions, createApp, type Handler } from '@maas/core/http'
import { issueKey, type KeyStore, summarise } from '@maas/core/keys'

export interface KeyDeps {
  readonly keys: KeyStore
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** That many random bytes, from the system's generator. */
  readonly randomBytes: (count: number) => Uint8Array
}

export const keyHandlers = ({ keys, clock, randomBytes }: KeyDeps): Record<KeyOperation, Handler> => ({
  listKeys: async () => {
    const all = [...(await keys.list())].sort((a, b) => a.name.localeCompare(b.name))
    return { json: { keys: await Promise.all(all.map((key) => summarise(keys, key))) } }
  },
  createKey: async (call) => {
    const record = await call.json(newKeySchema)
    const made = await issueKey(keys, record, { random: randomBytes(32), now: clock() })
    return { status: 201, json: made, headers: { 'cache-control': 'no-store' } }
  },
  revokeKey: async ({ params: { key: start = '' } }) => {
    const found = (await keys.list()).filter(({ id }) => id.startsWith(start))
    const [only, ...others] = found
    if (only === undefined) throw new NotFoundError(`There is no key ${start}.`, { param: 'key' })
    if (others.length > 0) {
      throw new InvalidInputError(`key: ${start} begins ${found.length} keys; give more of it.`, { param: 'key' })
    }
    await keys.remove(only.id)
    return { status: 204 }
  },
})

/** Keys alone, as the keys Lambda runs them. */
export const createKeysApp = (dependencies: AppOptions & KeyDeps) => createApp(keyHandlers(dependencies), dependencies)
