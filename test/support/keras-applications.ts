/** Architectures of keras.applications: written by Python Keras with random weights, measured, and thrown away. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Kernels } from '@maas/core/kernels'
import { type Measured, measureKeras } from './keras-measure.ts'

/** As `applications.py` has them. */
export const applications = [
  'MobileNetV2',
  'MobileNetV3Small',
  'MobileNetV3Large',
  'EfficientNetB0',
  'EfficientNetV2B0',
  'ResNet50',
  'ResNet50V2',
  'DenseNet121',
  'Xception',
  'NASNetMobile',
  'InceptionV3',
] as const

const script = new URL('../fixtures/keras/applications.py', import.meta.url).pathname

/** `environment` is where `node test/tools/install.mjs keras` put Python. Returns the file that was measured, too. */
export const measureApplication = async (
  name: string,
  environment: string,
  kernels: Kernels,
): Promise<{ readonly file: string; readonly measured: Measured }> => {
  const folder = await mkdtemp(join(tmpdir(), 'maas-applications-'))
  try {
    await promisify(execFile)(join(environment, 'bin/python'), [script, folder, name], { timeout: 600_000 })
    const file = (await readdir(folder)).find((one) => !one.endsWith('.json')) ?? ''
    const expected = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'))
    const bytes = await readFile(join(folder, file))
    return { file, measured: await measureKeras({ name: file, bytes, expected }, kernels) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
