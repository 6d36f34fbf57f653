/** What a bench measures: rows of one quantity, ours and the peers' taken in the same interleaved run. */

/** Why a contender or a whole row is missing from the table. */
export class Unavailable extends Error {}

export interface Measured {
  readonly name: string
  readonly versions: Readonly<Record<string, string>>
  /** Median of `rounds`. */
  readonly value: number
  readonly rounds: readonly number[]
}

export interface Skipped {
  readonly name: string
  readonly skipped: string
}

/** One line of the table; the first result is ours. */
export interface Row {
  readonly what: string
  readonly unit: 'images/s' | 'requests/s' | 'ms' | 's' | 'MB'
  readonly results: readonly (Measured | Skipped)[]
  /** At least so many times better than the peer of this name (below 1: at most so much worse). */
  readonly targets?: Readonly<Record<string, number>>
  /** At most so much, whatever the peers need. */
  readonly limit?: number
}

export interface Part {
  readonly name: string
  readonly title: string
  /** How it is measured, for the reader of the table. */
  readonly method: string
  run(bench: Bench): Promise<readonly Row[]>
}

/** Where the peers are, how often to repeat, and whom to tell. */
export interface Bench {
  readonly rounds: number
  readonly quick: boolean
  /** The image-folder archive of the data part. */
  readonly data: string
  /** Interpreter of the Python peers' environment. @throws Unavailable */
  python(): Promise<string>
  /** Folder with the Node peers and their packages. @throws Unavailable */
  node(): Promise<string>
  /** Folder with the one model in every format, and the inputs. @throws Unavailable */
  fixtures(): Promise<string>
  /** A registry (`--root`) that holds that model under the name `bench`. @throws Unavailable */
  registry(): Promise<string>
  progress(text: string): void
}

/** Larger is better for rates, smaller for times and memory. */
export const moreIsBetter = (unit: Row['unit']): boolean => unit.endsWith('/s')

/** How many times better `ours` is than `theirs`. */
export const ratio = (unit: Row['unit'], ours: number, theirs: number): number =>
  moreIsBetter(unit) ? ours / theirs : theirs / ours
