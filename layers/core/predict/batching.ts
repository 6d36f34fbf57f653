/** Requests that come together share a run: what waits while the model is busy is one batch when it is free. */
import { type NamedTensors, sizeOf, type TensorData } from '@maas/core/contract'
import type { Runner } from './runner.ts'

interface Waiting {
  readonly tensors: NamedTensors
  readonly rows: number
  readonly resolve: (outputs: NamedTensors) => void
  readonly reject: (error: unknown) => void
}

/**
 * A runner that gathers what is asked for by messages that are read together, many after a long run and one where nothing
 * else waits: nobody waits for company. Only for models whose rows do not depend on each other.
 */
export const batching = (runner: Runner, mostRows: number): Runner => {
  if (!runner.rowsIndependent || mostRows <= 1) return runner
  let waiting: Waiting[] = []
  let running = false

  const runAll = async (): Promise<void> => {
    running = true
    while (waiting.length > 0) {
      const batch = waiting.length === 1 ? waiting : nextBatch(waiting, mostRows)
      waiting = waiting.length === 1 ? [] : waiting.filter((one) => !batch.includes(one))
      await runTogether(runner, batch)
    }
    running = false
  }

  return {
    ...runner,
    run: (tensors) =>
      new Promise((resolve, reject) => {
        const [lead] = Object.values(tensors)
        waiting.push({ tensors, rows: lead?.shape[0] ?? 1, resolve, reject })
        if (running) return
        running = true
        // After all messages that have arrived were taken as far as this one.
        process.nextTick(runAll)
      }),
  }
}

/** As many as fit, from the first on, of its kind. */
const nextBatch = (waiting: readonly Waiting[], mostRows: number): Waiting[] => {
  const [first] = waiting
  const kind = first && kindOf(first.tensors)
  let rows = 0
  return waiting.filter((one) => {
    const taken = one === first || (rows + one.rows <= mostRows && kindOf(one.tensors) === kind)
    if (taken) rows += one.rows
    return taken
  })
}

const runTogether = async (runner: Runner, batch: readonly Waiting[]): Promise<void> => {
  const [only, ...others] = batch
  if (only === undefined) return
  if (others.length === 0) return runner.run(only.tensors).then(only.resolve, only.reject)
  try {
    const outputs = await runner.run(joined(batch))
    let from = 0
    for (const one of batch) {
      one.resolve(rowsOf(outputs, from, one.rows))
      from += one.rows
    }
  } catch {
    // One of them is at fault: each finds out for itself.
    for (const one of batch) await runner.run(one.tensors).then(one.resolve, one.reject)
  }
}

/** Equal for tensors whose rows fit together. */
const kindOf = (tensors: NamedTensors): string =>
  Object.entries(tensors)
    .map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape.slice(1)}`)
    .join()

const joined = (batch: readonly Waiting[]): NamedTensors => {
  const [first] = batch
  return Object.fromEntries(
    Object.entries(first?.tensors ?? {}).map(([name, tensor]) => {
      const parts = batch.map(({ tensors }) => tensors[name] as TensorData)
      const shape = [batch.reduce((sum, { rows }) => sum + rows, 0), ...tensor.shape.slice(1)]
      const data = new (tensor.data.constructor as Float32ArrayConstructor)(sizeOf(shape))
      let at = 0
      for (const part of parts) {
        data.set(part.data as Float32Array, at)
        at += part.data.length
      }
      return [name, { dtype: tensor.dtype, shape, data }]
    }),
  )
}

const rowsOf = (outputs: NamedTensors, from: number, rows: number): NamedTensors =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, { dtype, shape, data }]) => {
      const size = sizeOf(shape.slice(1))
      return [name, { dtype, shape: [rows, ...shape.slice(1)], data: data.slice(from * size, (from + rows) * size) }]
    }),
  ) as NamedTensors
