/** Ours: a predictor in this process, arrays in and arrays out, as `loadModel(file).predict` runs it. */
import { serve } from '../node/protocol.mjs'
import { benchKernels, versionsOf } from './model.ts'
import { loadCall } from './predictor.ts'

const kernels = await benchKernels()
const call = await loadCall(process.argv[2] ?? '', kernels)

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
