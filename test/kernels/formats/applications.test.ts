/** Opt-in (minutes): architectures of keras.applications, written by Python Keras with random weights, answer as in Python. */
import { type Kernels, loadKernels } from '@maas/core/kernels'
import { beforeAll, describe, expect, it } from 'vitest'
import { applications, measureApplication } from '../../support/keras-applications.ts'
import { toleranceOf } from '../../support/keras-measure.ts'
import { keptResults } from '../../support/keras-results.ts'
import { findTools } from '../../tools/sets.mjs'

const environment = findTools('keras')
const wanted = process.env.MAAS_KERAS_APPLICATIONS !== undefined && environment !== undefined
if (!wanted)
  console.warn('skipped: needs MAAS_KERAS_APPLICATIONS=1 and Python Keras (node test/tools/install.mjs keras)')

describe.runIf(wanted)('keras.applications', { timeout: 600_000 }, () => {
  let kernels: Kernels
  beforeAll(async () => {
    kernels = await loadKernels({ announce: (line) => console.warn(line) })
  })

  it.each(applications)('%s answers as in Python, and not with changed weights', async (name) => {
    const { file, measured } = await measureApplication(name, environment ?? '', kernels)
    if ('refused' in measured) throw new Error(measured.refused)
    expect(measured.difference).toBeLessThanOrEqual(toleranceOf(name))
    expect(measured.disturbed).toBeGreaterThan(toleranceOf(name))
    expect(measured.elsewhere).toBeGreaterThan(toleranceOf(name))
    expect(Object.keys(keptResults('applications.json').files['Keras 3'] ?? {})).toContain(file)
  })
})
