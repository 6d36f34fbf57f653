/** The container's process as it is run: exit codes, failure file, events on standard output, SIGTERM and going on afterwards. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TrainingEvent, trainingEventSchema, trainingJobSchema } from '@maas/core/contract'
import { prepareJob } from '@maas/train'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { relativeError } from './compare.ts'

const entrypoint = fileURLToPath(new URL('../../../functions/train/main.ts', import.meta.url))

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'process-'))
  const rows = Array.from({ length: 300 }, (_, i) => [Math.sin(i), Math.cos(i * 3), Math.sin(i) > 0.2 ? 'up' : 'down'])
  await writeFile(join(directory, 'table.csv'), ['a,b,target', ...rows.map((row) => row.join(','))].join('\n'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const prepare = async (name: string, hyperparameters: Record<string, string> = {}, data = 'table.csv') => {
  const job = trainingJobSchema.parse({
    TrainingJobName: name,
    HyperParameters: { epochs: '3', early_stopping_patience: '0', ...hyperparameters },
    InputDataConfig: [
      { ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: `file://${join(directory, data)}` } } },
    ],
    OutputDataConfig: { S3OutputPath: `file://${directory}` },
  })
  await prepareJob(job, join(directory, name))
  return join(directory, name)
}

/** Runs the process to its end; `onEvent` may signal it. */
const run = async (base: string, onEvent: (event: TrainingEvent, child: ChildProcess) => void = () => undefined) => {
  const child = spawn(process.execPath, ['--import', 'tsx', entrypoint, 'train'], {
    env: { ...process.env, SAGEMAKER_BASE_DIR: base },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const events: TrainingEvent[] = []
  let rest = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = trainingEventSchema.parse(JSON.parse(line))
      events.push(event)
      onEvent(event, child)
    }
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, events }
}

const weightsOf = async (base: string) => {
  const bytes = new Uint8Array(await readFile(join(base, 'model', 'weights.bin')))
  return new Float32Array(bytes.buffer)
}

describe('the training process', () => {
  it('ends with 0 and a candidate, and refuses to train over it', async () => {
    const base = await prepare('good')
    const { code, events } = await run(base)
    expect(code).toBe(0)
    expect(events.at(-1)).toMatchObject({ event: 'end', reason: 'completed' })
    expect(await readdir(join(base, 'model'))).toContain('report.html')
    const again = await run(base)
    expect(again.code).toBe(1)
    expect(again.events.at(-1)).toMatchObject({
      event: 'failure',
      message: expect.stringContaining('already holds a trained model'),
    })
  })

  it('ends with 1, a failure file and no candidate when it cannot train', async () => {
    await writeFile(join(directory, 'one.csv'), 'a,target\n1,same\n2,same\n3,same\n4,same\n')
    const base = await prepare('bad', {}, 'one.csv')
    const { code, events } = await run(base)
    expect(code).toBe(1)
    expect(events.at(-1)?.event).toBe('failure')
    expect(await readFile(join(base, 'output', 'failure'), 'utf8')).toMatch(/class/)
    expect(existsSync(join(base, 'model'))).toBe(false)
  })

  it('answers SIGTERM with a checkpoint and 143, and goes on to the result of a run that was never stopped', async () => {
    const settings = { epochs: '40', seed: '9' }
    const [stopped, whole] = [await prepare('stopped', settings), await prepare('whole', settings)]
    const first = await run(stopped, (event, child) => {
      if (event.event === 'epoch' && event.epoch === 2) child.kill('SIGTERM')
    })
    expect(first.code).toBe(143)
    expect(first.events.at(-1)).toMatchObject({ event: 'end', reason: 'stopped' })
    expect(existsSync(join(stopped, 'model'))).toBe(false)
    expect(existsSync(join(stopped, 'output', 'failure'))).toBe(false)

    const second = await run(stopped)
    expect(second.code).toBe(0)
    expect(second.events).toContainEqual(expect.objectContaining({ event: 'notice', code: 'resumed' }))
    const epochs = [...first.events, ...second.events].flatMap((event) =>
      event.event === 'epoch' ? [event.epoch] : [],
    )
    expect(epochs).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    await run(whole)
    expect(relativeError(await weightsOf(stopped), await weightsOf(whole))).toBeLessThan(1e-6)
  })

  it('stops when the process that started it dies', async () => {
    const base = await prepare('orphan', { epochs: '10000' })
    const child = spawn(process.execPath, ['--import', 'tsx', entrypoint], {
      env: { ...process.env, SAGEMAKER_BASE_DIR: base },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      if (child.connected && chunk.toString().includes('"epoch"')) child.disconnect()
    })
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(143)
  })
})
