/** Ours: predictors in this process, arrays in and arrays out, as `loadModel(file).predict` runs them. */
import { readModelFile } from '@maas/core/formats'
import { createPredictor } from '@maas/core/predict'
import { serve } from '../node/protocol.mjs'
import { benchKernels, modelPath, versionsOf } from './model.ts'
import { callOf } from './predictor.ts'

const kernels = await benchKernels()
const directory = process.argv[2] ?? ''
const loaded = new Map<string, Promise<ReturnType<typeof callOf>>>()

const load = (net: string): Promise<ReturnType<typeof callOf>> => {
  const known = loaded.get(net)
  if (known !== undefined) return known
  const loading = readModelFile(modelPath(directory, net)).then(async (artifact) =>
    callOf(directory, await createPredictor({ name: 'bench', version: 1, artifact }, kernels)),
  )
  loaded.set(net, loading)
  return loading
}

await serve(versionsOf(kernels), {
  answer: async ({ net, rows }: { readonly net: string; readonly rows: number }) => ({
    outputs: [...(await (await load(net))(rows))],
  }),
  async predict({ net, batch, calls }: { readonly net: string; readonly batch: number; readonly calls: number }) {
    const call = await load(net)
    const milliseconds: number[] = []
    for (let i = 0; i < calls; i++) {
      const start = performance.now()
      await call(batch)
      milliseconds.push(performance.now() - start)
    }
    return { milliseconds }
  },
})
