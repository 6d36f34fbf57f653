/** Mutates committed model files and judges what the readers make of each; a round is a pure function of its seed. */
import { readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readModel, type ServableArtifact } from '@maas/core/formats'
import { inThisProcess, judge, sandboxed, type Verdict } from './judge.ts'
import { canary, mutate } from './mutate.ts'

export interface Finding {
  readonly file: string
  readonly seed: number
  readonly what: string
  readonly why: string
}

export interface Tally {
  readonly files: number
  readonly refused: Readonly<Record<string, number>>
  readonly same: number
  readonly different: number
  readonly findings: readonly Finding[]
  /** Longest time one file took, milliseconds. */
  readonly slowest: number
  /** How many were read in a process of their own. */
  readonly sandboxed: number
  readonly byFile: Readonly<Record<string, number>>
}

export interface FuzzOptions {
  /** Model files to damage. */
  readonly sources: readonly string[]
  readonly count: number
  readonly seed: number
  /** A folder for the damaged files. */
  readonly folder: string
  /** One file in so many is HDF5, which takes a process each; the others get one for one in twenty of them. */
  readonly hdf5Every: number
  /** Files read at a time. */
  readonly parallel: number
  readonly progress?: (done: number) => void
}

/** Turns through the files of each group. */
const choose = <T extends { readonly path: string }>(all: readonly T[], seed: number, hdf5Every: number): T => {
  const [zips, keras] = [true, false].map((zip) => all.filter(({ path }) => path.endsWith('.zip') === zip))
  const group = (seed % hdf5Every === 0 ? keras : zips) ?? []
  return (group[Math.floor(seed / (group === keras ? hdf5Every : 1)) % Math.max(1, group.length)] ??
    all[seed % all.length]) as T
}

export const fuzz = async ({
  sources,
  count,
  seed,
  folder,
  parallel,
  hdf5Every,
  progress,
}: FuzzOptions): Promise<Tally> => {
  const originals = await Promise.all(
    sources.map(async (path) => ({ path, bytes: await readFile(path), golden: (await readModel(path)).artifact })),
  )
  await writeFile(canary.path, canary.content)
  const refused: Record<string, number> = {}
  const byFile: Record<string, number> = {}
  const findings: Finding[] = []
  let [same, different, slowest, next, done, apart] = [0, 0, 0, 0, 0, 0]
  const one = async (index: number): Promise<void> => {
    const own = seed + index
    const original = choose(originals, own, hdf5Every)
    const alone = original.path.endsWith('.zip') && index % Math.max(20, hdf5Every) !== 0
    const mutation = mutate(original.bytes, own)
    if (!alone) apart += 1
    const path = join(folder, `${own}-${basename(original.path)}`)
    await writeFile(path, mutation.bytes)
    const started = performance.now()
    const verdict: Verdict = await judge(
      path,
      mutation,
      original.golden as ServableArtifact,
      alone ? inThisProcess : sandboxed,
    )
    slowest = Math.max(slowest, performance.now() - started)
    byFile[basename(original.path)] = (byFile[basename(original.path)] ?? 0) + 1
    if (verdict.kind === 'refused') refused[verdict.code] = (refused[verdict.code] ?? 0) + 1
    else if (verdict.kind === 'wrong') {
      findings.push({ file: basename(original.path), seed: own, what: mutation.what, why: verdict.why })
    } else if (verdict.how === 'same') same += 1
    else different += 1
    // What was found stays for whoever looks into it.
    if (verdict.kind !== 'wrong') await unlink(path)
    done += 1
    progress?.(done)
  }
  const worker = async (): Promise<void> => {
    while (next < count) await one(next++)
  }
  try {
    await Promise.all(Array.from({ length: parallel }, worker))
  } finally {
    await rm(canary.path, { force: true })
  }
  return { files: done, refused, same, different, findings, slowest: Math.round(slowest), sandboxed: apart, byFile }
}
