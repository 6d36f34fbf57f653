/** A few examples of a job's test data, encoded the way a client would send them: images the model has never seen. */
import { readDataSet } from '@maas/core/data'
import { loadKernels } from '@maas/core/kernels'
import { dataOptions, layoutOf, readSpec } from '@maas/train'
import sharp from 'sharp'

export interface Sample {
  /** File it came from, inside the data. */
  readonly source: string
  /** Its true class. */
  readonly label: string
  /** PNG, so that the pixels are exactly those of the test data. */
  readonly image: Uint8Array
}

/** At most `count` images, of different classes as far as there are; none when the job's data are not images. */
export const unseenImages = async (directory: string, count: number, signal?: AbortSignal): Promise<Sample[]> => {
  const spec = await readSpec(layoutOf(directory))
  // The job's own options: the same split, so that nothing the model was trained on is taken for unseen.
  const { labels, preprocess, test } = await readDataSet(
    spec.data,
    { ...dataOptions(spec), signal },
    { kernels: await loadKernels() },
  )
  if (preprocess.kind !== 'image' || !(test.features instanceof Uint8Array)) return []
  const { channels, height, width } = preprocess
  const size = height * width * channels
  const step = Math.max(1, Math.floor(labels.length / count))
  const chosen = Array.from({ length: count }, (_, i) => test.targets.indexOf((i * step) % labels.length))
  const pixels = test.features
  return Promise.all(
    [...new Set(chosen)]
      .filter((at) => at >= 0)
      .map(async (at) => ({
        source: test.sources?.[at] ?? `test example ${at}`,
        label: labels[test.targets[at] as number] ?? '',
        image: await sharp(pixels.subarray(at * size, (at + 1) * size), { raw: { width, height, channels } })
          .png()
          .toBuffer(),
      })),
  )
}
