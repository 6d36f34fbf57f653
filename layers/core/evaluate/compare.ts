/** Versions side by side, so that one can be chosen: accuracy against size, time and money. */
import { formatReference, type Manifest, versionFiles } from '../contract/index.ts'
import { oneCpuMegabytes, pricePerMillion } from './price.ts'

/** Measured by the caller, where the model runs. */
export interface Measured {
  /** Median milliseconds of one prediction at batch 1. */
  readonly latencyMs: number
  /** Bytes that loading the model added to the process. */
  readonly memoryBytes: number
}

export interface CompareRow {
  /** `name:version`. */
  readonly model: string
  readonly parameters?: number
  /** Bytes of topology and weights as stored. */
  readonly sizeBytes: number
  readonly latencyMs?: number
  readonly memoryBytes?: number
  /** US dollars on Lambda at one virtual CPU, one prediction a request. */
  readonly pricePerMillion?: number
  /** Headline metrics of the version, e.g. `test_accuracy`. */
  readonly metrics: Readonly<Record<string, number>>
}

/** One row a version, in the order given; `measure` runs one after the other, so that they do not disturb each other. */
export const compare = async (
  manifests: readonly Manifest[],
  measure?: (manifest: Manifest) => Promise<Measured>,
): Promise<readonly CompareRow[]> => {
  const rows: CompareRow[] = []
  for (const manifest of manifests) {
    const { parameters, ...metrics } = manifest.metrics
    const model: string[] = [versionFiles.model, versionFiles.weights, versionFiles.graph]
    const stored = manifest.files.filter(({ path }) => model.includes(path))
    const measured = await measure?.(manifest)
    rows.push({
      model: formatReference(manifest),
      ...(parameters !== undefined && { parameters }),
      sizeBytes: stored.reduce((sum, { size }) => sum + size, 0),
      ...(measured && { ...measured, pricePerMillion: pricePerMillion(measured.latencyMs, oneCpuMegabytes) }),
      metrics,
    })
  }
  return rows
}
