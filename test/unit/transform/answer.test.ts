import type { PredictInput, ServedModel } from '@maas/core/predict'
import { answerBatch, type Lane } from '@maas/core/transform/work'
import { describe, expect, it } from 'vitest'
import { echoLane, model as plain } from './support.ts'

const column = (name: string) => ({ name, type: 'number' as const, mean: 0, std: 1 })

describe('a row of a table', () => {
  it('loses the columns that the model does not take, and fails by those it lacks', async () => {
    const asked: PredictInput[] = []
    const model: ServedModel = { ...plain, preprocess: { kind: 'tabular', columns: [column('a'), column('b')] } }
    const lane: Lane = {
      model,
      predict: async (input) => {
        asked.push(input)
        const rows = input.kind === 'rows' ? input.rows.length : 0
        const data = new Float32Array(rows * 2)
        return { model, outputs: { y: { dtype: 'float32', shape: [rows, 2], data } }, timings: { prepare: 0, run: 0 } }
      },
    }
    const items = [
      { id: 't:2', instance: { a: '1', b: '2', label: 'above' } },
      { id: 't:3', instance: { a: '1', note: 'x' } },
    ]
    expect(await answerBatch(items, lane)).toHaveLength(2)
    expect(asked).toEqual([{ kind: 'rows', rows: [{ a: '1', b: '2' }, { a: '1' }] }])
  })
})

describe('a batch', () => {
  it('asks for nothing when all of it is at fault already', async () => {
    const asked: number[][] = []
    const lines = await answerBatch([{ id: 'a', problem: 'no picture' }], echoLane(asked))
    expect([lines, asked]).toEqual([[{ id: 'a', error: 'no picture' }], []])
  })

  it('ends the job by what is no fault of an input', async () => {
    const broken = echoLane([], () => Promise.reject(new Error('out of memory')))
    await expect(answerBatch([{ id: 'a', instance: [1, 2] }], broken)).rejects.toThrow('out of memory')
  })
})
