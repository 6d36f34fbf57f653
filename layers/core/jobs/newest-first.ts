/** An index of names by time, newest first in key order: empty objects, so that listing them is all there is to read. */
import type { ObjectStore } from '../store/index.ts'

export interface Indexed {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** `{9999… - time}-{name}`. */
  readonly entry: string
}

export const indexEntry = (name: string, createdAt: number): string =>
  `${String(9_999_999_999_999 - createdAt).padStart(13, '0')}-${name}`

export const parseEntry = (entry: string): Indexed => ({
  entry,
  name: entry.slice(14),
  createdAt: 9_999_999_999_999 - Number(entry.slice(0, 13)),
})

/** All entries below `prefix`. */
export async function* newestFirst(store: ObjectStore, prefix: string): AsyncGenerator<Indexed> {
  let after: string | undefined
  do {
    const page = await store.list(prefix, after === undefined ? {} : { after })
    for (const { key } of page.objects) yield parseEntry(key.slice(prefix.length))
    after = page.next
  } while (after !== undefined)
}
