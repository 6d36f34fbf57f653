/** Keeps count of what could not be read, and ends the reading when it is too much. */
import { InvalidInputError } from '../errors.ts'
import { printable } from './source/entry.ts'
import { count } from './text.ts'
import type { DataReport } from './types.ts'

const mostListed = 100

export class BadFiles {
  readonly #listed: { path: string; reason: string }[] = []
  readonly #allowed: number
  #count = 0

  constructor(allowed: number) {
    this.#allowed = allowed
  }

  /** @throws InvalidInputError when this one is over the limit */
  add(path: string, reason: string): void {
    this.#count += 1
    if (this.#listed.length < mostListed) this.#listed.push({ path: printable(path), reason })
    if (this.#count <= this.#allowed) return
    const examples = this.#listed.slice(0, 3).map((bad) => `\n  ${bad.path}: ${bad.reason}`)
    throw new InvalidInputError(
      `More than ${count(this.#allowed, 'file')} could not be read, which is the limit (max_bad_files). The first:${examples.join('')}`,
      { param: 'max_bad_files' },
    )
  }

  report(): Pick<DataReport, 'badFiles' | 'badFileCount'> {
    return { badFiles: this.#listed, badFileCount: this.#count }
  }
}
