/** Where keys and their counters are kept: DynamoDB on AWS, the object store on one machine. */
import type { ApiKey } from '@maas/core/contract'
import type { Usage } from './usage.ts'

/** `id` is the SHA-256 of the key, hex: the key itself is nowhere. */
export interface StoredKey extends ApiKey {
  readonly id: string
}

export interface KeyStore {
  find(id: string): Promise<StoredKey | undefined>
  /** The key and its counter at zero; ConflictError when there is one already. */
  create(key: StoredKey, usage: Usage): Promise<void>
  list(): Promise<readonly StoredKey[]>
  /** The key and its counter; NotFoundError when there is none. */
  remove(id: string): Promise<void>
  /** Undefined when the key was revoked. `etag` names this state of the counter. */
  usage(id: string): Promise<{ readonly usage: Usage; readonly etag: string } | undefined>
  /** The new state's etag. ConflictError when the counter is not in the state `etag` any more, or gone. */
  setUsage(id: string, usage: Usage, etag: string): Promise<string>
}
