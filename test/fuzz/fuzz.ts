/** Mutates committed model files and judges what the readers make of each; a round is a pure function of its seeds. */
import { rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServableArtifact } from '@maas/core/formats'
import { createHdf5Pool } from './hdf5-pool.ts'
import { alone, judge, together, type Verdict } from './judge.ts'
import { canary, mutate } from './mutate.ts'
import type { Source } from './sources.ts'

export interface Finding {
  readonly file: string
  readonly seed: number
  readonly what: string
  readonly why: string
}

/** What became of the files of one format. */
export interface Counts {
  readonly refused: Readonly<Record<string, number>>
  /** Accepted: the damage was where nothing is read. */
  readonly same: number
  /** Accepted, and exactly what the damaged bytes say. */
  readonly different: number
}

export interface Tally {
  readonly files: number
  /** By source. */
  readonly counts: Readonly<Record<string, Counts>>
  readonly findings: readonly Finding[]
  /** How many were also read in a process of their own, with the same outcome unless there is a finding. */
  readonly alone: number
}

export interface FuzzOptions {
  /** The first; each file has one of its own. */
  readonly seed: number
  readonly count: number
  /** A folder for the damaged files. */
  readonly folder: string
  /** One file in so many is also read as it would be, in a process of its own; both must agree. */
  readonly aloneEvery: number
  /** Files read at a time. */
  readonly parallel: number
  readonly progress?: (done: number) => void
}

export const noFiles: Tally = { files: 0, counts: {}, findings: [], alone: 0 }

export const fuzz = async (
  sources: readonly Source[],
  { count, seed, folder, parallel, aloneEvery, progress }: FuzzOptions,
): Promise<Tally> => {
  await writeFile(canary.path, canary.content)
  const pool = createHdf5Pool()
  const read = together(pool.readHdf5)
  const goldens = await Promise.all(
    sources.map(async ({ name, bytes }) => ({ name, bytes, artifact: await read(name, bytes) })),
  )
  let tally = noFiles
  let next = 0
  const one = async (own: number): Promise<void> => {
    const golden = goldens[own % goldens.length] as (typeof goldens)[number]
    const { verdict, what, isAlone } = await tryOne(golden, own, { folder, read, isAlone: own % aloneEvery === 0 })
    tally = plus(tally, tallyOf(golden.name, own, what, verdict, isAlone))
    progress?.(tally.files)
  }
  const worker = async (): Promise<void> => {
    while (next < count) await one(seed + next++)
  }
  try {
    await Promise.all(Array.from({ length: parallel }, worker))
  } finally {
    await pool.close()
    await rm(canary.path, { force: true })
  }
  return tally
}

interface Golden extends Source {
  readonly artifact: ServableArtifact
}

const tryOne = async (
  { name, bytes, artifact }: Golden,
  own: number,
  { folder, read, isAlone }: { folder: string; read: ReturnType<typeof together>; isAlone: boolean },
) => {
  const mutation = mutate(bytes, own)
  const path = join(folder, `${own}-${name}`)
  let verdict = await judge(path, mutation, artifact, read)
  if (isAlone) {
    await writeFile(path, mutation.bytes)
    const other = await judge(path, mutation, artifact, alone)
    if (verdict.kind !== 'wrong' && JSON.stringify(other) !== JSON.stringify(verdict)) {
      verdict =
        other.kind === 'wrong'
          ? other
          : { kind: 'wrong', why: `alone: ${JSON.stringify(other)}; among others: ${JSON.stringify(verdict)}` }
    }
    await unlink(path)
  }
  // What was found stays for whoever looks into it.
  if (verdict.kind === 'wrong') await writeFile(path, mutation.bytes)
  return { verdict, what: mutation.what, isAlone }
}

const tallyOf = (file: string, seed: number, what: string, verdict: Verdict, isAlone: boolean): Tally => ({
  files: 1,
  alone: isAlone ? 1 : 0,
  findings: verdict.kind === 'wrong' ? [{ file, seed, what, why: verdict.why }] : [],
  counts: {
    [file]: {
      refused: verdict.kind === 'refused' ? { [verdict.code]: 1 } : {},
      same: verdict.kind === 'accepted' && verdict.how === 'same' ? 1 : 0,
      different: verdict.kind === 'accepted' && verdict.how === 'different' ? 1 : 0,
    },
  },
})

/** What two rounds found together. */
export const plus = (one: Tally, other: Tally): Tally => ({
  files: one.files + other.files,
  alone: one.alone + other.alone,
  findings: [...one.findings, ...other.findings],
  counts: merged(one.counts, other.counts, (a, b) => ({
    refused: merged(a.refused, b.refused, (x, y) => x + y),
    same: a.same + b.same,
    different: a.different + b.different,
  })),
})

const merged = <T>(one: Readonly<Record<string, T>>, other: Readonly<Record<string, T>>, add: (a: T, b: T) => T) => {
  const all: Record<string, T> = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const known = all[key]
    all[key] = known === undefined ? value : add(known, value)
  }
  return all
}
