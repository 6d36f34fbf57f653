/** What every reader hands back, and the hash that says whether two data sets are the same. */
import { createHash } from 'node:crypto'
import type { BadFiles } from './bad-files.ts'
import type { PartName } from './split.ts'
import type { DataPart, DataReport, DataSet } from './types.ts'

export interface ReadResult extends Pick<DataSet, 'task' | 'labels' | 'preprocess'> {
  readonly format: DataReport['format']
  readonly parts: Readonly<Record<PartName, DataPart>>
  readonly fingerprint: string
  readonly split: string
  readonly bad: BadFiles
  readonly warnings: readonly string[]
}

/** Hashes names and contents in the order given; callers sort, so that archive kind and order leave no trace. */
export class Fingerprint {
  readonly #hash = createHash('sha256')

  /** @param content bytes, or the hash of bytes */
  add(name: string, content: string | Uint8Array): void {
    this.#hash.update(`${name.length}:${name}:${content.length}:`).update(content)
  }

  hex(): string {
    return this.#hash.digest('hex')
  }
}
