/** What was measured of the models that Keras wrote, as it is kept beside them and shown in docs/keras-support.md. */
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import type { Measured } from './keras-measure.ts'

/** How one class of layers fared in all models together. */
const classSchema = z.object({
  /** Files with it that load and agree, and files that are refused because of it. */
  agree: z.number().int(),
  refused: z.number().int(),
  /** What was adapted, and why it was refused, in the words of the conversion's report. */
  why: z.array(z.string()),
})
const resultsSchema = z.object({
  /** By the folder of fixtures, then by file: the difference, or why it is refused. */
  files: z.record(z.string(), z.record(z.string(), z.union([z.number(), z.string()]))),
  classes: z.record(z.string(), classSchema),
})
export type KerasResults = z.infer<typeof resultsSchema>

export const keptResults = (name: string): KerasResults =>
  resultsSchema.parse(JSON.parse(readFileSync(new URL(`../fixtures/keras/${name}`, import.meta.url), 'utf8')))

/** `by` is e.g. `Keras 3`; in it, by file name. */
export const summariseResults = (measured: ReadonlyMap<string, ReadonlyMap<string, Measured>>): KerasResults => {
  const classes = new Map<string, { agree: number; refused: number; why: Set<string> }>()
  for (const result of [...measured.values()].flatMap((files) => [...files.values()])) {
    const seen = new Set<string>()
    for (const { className, status, why } of result.layers) {
      const entry = classes.get(className) ?? { agree: 0, refused: 0, why: new Set<string>() }
      classes.set(className, entry)
      if (why !== undefined) entry.why.add(why)
      if (seen.has(className)) continue
      seen.add(className)
      if (!('refused' in result)) entry.agree += 1
      else if (status === 'refused') entry.refused += 1
    }
  }
  return {
    files: Object.fromEntries(
      [...measured].map(([by, files]) => [
        by,
        Object.fromEntries(
          [...files].map(([file, result]) => [
            file,
            'refused' in result ? result.refused : Number(result.difference.toPrecision(2)),
          ]),
        ),
      ]),
    ),
    classes: Object.fromEntries(
      [...classes]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { why, ...counts }]) => [name, { ...counts, why: [...why].sort() }]),
    ),
  }
}
