/** Ours: a predictor in this process, arrays in and arrays out, as `loadModel(file).predict` runs it. */
import { readModelFile } from '@maas/core/formats'
import { createPredictor } from '@maas/core/predict'
import { serve } from '../node/protocol.mjs'
import { benchKernels, modelPath, versionsOf } from './model.ts'
import { callOf } from './predictor.ts'

const kernels = await benchKernels()
const directory = process.argv[2] ?? ''
const artifact = await readModelFile(modelPath(directory))
const call = callOf(directory, await createPredictor({ name: 'bench', version: 1, artifact }, kernels))

await serve(versionsOf(kernels), {
  answer: async ({ rows }: { readonly rows: number }) => ({ outputs: [...(await call(rows))] }),
  async predict({ batch, calls }: { readonly batch: number; readonly calls: number }) {
    const milliseconds: number[] = []
    for (let i = 0; i < calls; i++) {
      const start = performance.now()
      await call(batch)
      milliseconds.push(performance.now() - start)
    }
    return { milliseconds }
  },
})
