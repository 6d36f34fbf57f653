/** A key made and stored by its hash, and what may be shown of one that is stored. */
import { type ApiKey, apiKeyHash, formatApiKey, type KeySummary } from '@maas/core/contract'
import type { KeyStore, StoredKey } from './types.ts'
import { unused } from './usage.ts'

/** The key itself is in the answer and nowhere else. `random`: 32 bytes of the system's generator; `now`: milliseconds since 1970. */
export const issueKey = async (
  store: Pick<KeyStore, 'create' | 'usage'>,
  record: ApiKey,
  { random, now }: { readonly random: Uint8Array; readonly now: number },
): Promise<KeySummary & { readonly key: string }> => {
  const key = formatApiKey(random)
  const stored = { ...record, id: apiKeyHash(key) }
  await store.create(stored, unused(now))
  return { ...(await summarise(store, stored)), key }
}

/** With what it used in its last month of use. */
export const summarise = async (store: Pick<KeyStore, 'usage'>, key: StoredKey): Promise<KeySummary> => {
  const found = await store.usage(key.id)
  if (found === undefined) return key
  const { month, requests, cost } = found.usage
  return { ...key, usage: { month, requests, cost } }
}
