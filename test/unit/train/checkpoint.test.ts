import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Checkpoint,
  decodeCheckpoint,
  decodeTensors,
  encodeCheckpoint,
  encodeTensors,
  fileCheckpoints,
} from '@maas/core/train'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const array = (name: string, ...values: number[]) => ({ name, shape: [values.length], data: Float32Array.from(values) })
const checkpoint: Checkpoint = {
  identity: 'abc',
  optimizerStep: 12,
  progress: {
    epoch: 2,
    step: 5,
    totals: { examples: 160, loss: 0.1 + 0.2, correct: 80, gradientNorm: 3, seconds: 1.5 },
    best: { epoch: 1, metrics: { val_loss: 1.25 } },
    history: { epochs: [{ loss: 1.5 }], notices: [] },
    seconds: 9,
  },
  weights: [array('0/conv/kernel', 1, 2, Math.PI), array('1/conv/bias', -0)],
  best: [array('0/conv/kernel', 4, 5, 6)],
  slots: [array('conv/kernel/momentum', 7, 8, 9)],
}

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'checkpoint-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

describe('checkpoints', () => {
  it('come back exactly as they were', () => {
    expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint)
  })

  it('are found by the next process, the newest only', async () => {
    const path = await fileCheckpoints(directory).save(checkpoint)
    await fileCheckpoints(directory).save({ ...checkpoint, optimizerStep: 13 })
    expect((await fileCheckpoints(directory).load())?.optimizerStep).toBe(13)
    expect(existsSync(`${path}.tmp`)).toBe(false)
  })

  it('are absent in a new folder', async () => {
    expect(await fileCheckpoints(join(directory, 'none')).load()).toBeUndefined()
  })

  it.each([0, 4, 100, -4])('are refused when cut to %i bytes', async (length) => {
    const path = await fileCheckpoints(directory).save(checkpoint)
    await writeFile(path, (await readFile(path)).subarray(0, length))
    await expect(fileCheckpoints(directory).load()).rejects.toThrow(/is damaged .*delete it to train from the start/)
  })

  it('keep the last good one when a write was interrupted', async () => {
    const path = await fileCheckpoints(directory).save(checkpoint)
    await writeFile(`${path}.tmp`, 'half')
    expect(await fileCheckpoints(directory).load()).toEqual(checkpoint)
  })

  it('say which file could not be written', async () => {
    await writeFile(join(directory, 'file'), '')
    await expect(fileCheckpoints(join(directory, 'file')).save(checkpoint)).rejects.toThrow(
      /cannot write the checkpoint .*checkpoint\.safetensors/,
    )
  })
})

describe('safetensors', () => {
  it('start with the header length and align the data to 8 bytes, as the format asks', () => {
    const bytes = encodeTensors([array('a', 1)], { note: 'é' })
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
    expect(length % 8).toBe(0)
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: { note: 'é' },
      a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    })
    expect(bytes.length).toBe(8 + length + 4)
  })

  it('refuse two tensors of one name', () => {
    expect(() => encodeTensors([array('a', 1), array('a', 2)], {})).toThrow(/named a/)
  })

  it('copy out of a buffer that is part of a larger one', () => {
    const bytes = Buffer.concat([Buffer.from('xyz'), encodeTensors([array('a', 1, 2)], {})]).subarray(3)
    expect(decodeTensors(bytes).tensors).toEqual([array('a', 1, 2)])
  })
})
