/** Every model that real Keras wrote: exact, or refused by name; a changed weight must be noticed; and the kept results are these. */
import { type Kernels, loadKernels } from '@maas/core/kernels'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Measured, toleranceOf } from '../../support/keras-measure.ts'
import { keptResults, summariseResults } from '../../support/keras-results.ts'
import { filesOfSet, fixtureSets, measureFile, modelName } from '../../support/keras-sets.ts'

/** Refused, and the words that must say why. */
const refusals: Readonly<Record<string, RegExp>> = {
  lambda: /lambda \(Lambda\): a Lambda holds Python bytecode, which is never executed; replace it/,
  custom: /doubled \(.*Doubled\): it is (a custom class|not a layer of Keras)/,
  conv3d_dilated: /its option dilation_rate=\[2,2,2\] is not supported/,
  ops_initial: /max \(Max\): operation Max is called with initial=0.9, which is not supported/,
  spectral_norm_embedding: /it normalises an Embedding, whose values Keras then makes whole numbers/,
  bidirectional_backward_other: /its backward_layer is another one than its layer/,
  // A .h5 file has no place for what a layer learned of texts.
  text_vectorization_adapted: /does not hold its vocabulary; save the model as .keras/,
}

let kernels: Kernels
beforeAll(async () => {
  kernels = await loadKernels({ announce: (line) => console.warn(line) })
})

const measured = new Map<string, Map<string, Measured>>()

for (const set of fixtureSets) {
  const names = await filesOfSet(set)
  const results = new Map<string, Measured>()
  measured.set(set.by, results)

  describe(`models by ${set.by}`, () => {
    it('are many', () => {
      expect(names.length).toBeGreaterThan(400)
    })

    it.each(names)('%s answers as in Python, or is refused by name', async (file) => {
      const name = modelName(file)
      const result = await measureFile(set, file, kernels)
      results.set(file, result)
      const refusal = file === 'text_vectorization_adapted.keras' ? undefined : refusals[name]
      if ('refused' in result) {
        expect(result.refused).toMatch(refusal ?? /^it is refused, but must not be/)
        return
      }
      expect(refusal).toBeUndefined()
      expect(result.difference).toBeLessThanOrEqual(toleranceOf(name))
      // Controls: with changed weights, and on other inputs, the same comparison must fail.
      if (result.disturbed !== undefined) expect(result.disturbed).toBeGreaterThan(toleranceOf(name))
      expect(result.elsewhere).toBeGreaterThan(toleranceOf(name))
      expect(result.leaked).toBe(0)
    })
  })
}

describe('the kept results', () => {
  it('are what was measured here', () => {
    const [kept, now] = [keptResults('results.json'), summariseResults(measured)]
    const outcomes = ({ files }: typeof kept) =>
      Object.entries(files).flatMap(([by, own]) =>
        // Rounding differs between processors, what becomes of a file does not.
        Object.entries(own).map(
          ([file, outcome]) => `${by} ${file}: ${typeof outcome === 'number' ? 'agrees' : outcome}`,
        ),
      )
    expect(outcomes(now), 'results.json is stale: npm run keras-results && npm run docs').toEqual(outcomes(kept))
    expect(now.classes, 'results.json is stale: npm run keras-results && npm run docs').toEqual(kept.classes)
  })

  it('show that at least 98 % of all files load and agree, and the rest are refused', () => {
    const results = [...measured.values()].flatMap((files) => [...files])
    const agree = results.filter(
      ([file, result]) => 'difference' in result && result.difference <= toleranceOf(modelName(file)),
    )
    const refused = results.filter(([, result]) => 'refused' in result)
    expect(agree.length / results.length).toBeGreaterThanOrEqual(0.98)
    expect(agree.length + refused.length).toBe(results.length)
  })
})
