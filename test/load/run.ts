/** The command `npm run test:load`: the service at saturation while processes die, aliases move and strangers hold connections. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeMachine } from '../../bench/machine.ts'
import { anonymousOf } from '../../bench/memory-of.ts'
import { withSection } from '../../bench/section.ts'
import { childrenOf, isAlive } from '../e2e/serve/running.ts'
import { ask, textOf } from './client.ts'
import { attacks, besiege, type Siege } from './hostile.ts'
import { isFlat, noSamples, sample } from './memory.ts'
import { makeLoadRegistry, movingVersions, questionsAbout } from './models.ts'
import { type LoadReport, loadSection } from './report.ts'
import { createTimeline } from './timeline.ts'
import { rightAnswers, saturate } from './traffic.ts'

const help = `Load the local service at saturation and compare every answer; then let slow, half-closed and idle connections besiege it.
Fails on a wrong answer, a 5xx that is no 503 with Retry-After, memory that grows, or a well-behaved caller that is kept out. Linux.

Usage: npm run test:load -- [options]

  --seconds N       of saturation (default 60)
  --connections N   that ask at once (default 64)
  --write           put the figures into docs/performance.md
  --help            show this`

const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
const maas = fileURLToPath(new URL('../../sdk/bin/maas.mjs', import.meta.url))

/** In a process of its own, as its users run it. */
const serve = async (root: string): Promise<{ child: ChildProcess; port: number; pid: number }> => {
  const child = spawn(process.execPath, [maas, 'serve', '--root', root, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  const port = await new Promise<number>((resolve, reject) => {
    // Read on, also when it is known: a program that cannot write ends.
    child.stdout?.on('data', (part) => {
      text = (text + part).slice(-10_000)
      const found = /"url":"[^"]+:(\d+)"/.exec(text)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
    child.once('close', () => reject(new Error(`the service did not start: ${text}`)))
  })
  return { child, port, pid: child.pid ?? 0 }
}

/** The child that holds most memory has a model; spares and idle ones have less. */
const killOne = (pid: number): number | undefined => {
  const [largest] = childrenOf(pid).toSorted((a, b) => anonymousOf(b) - anonymousOf(a))
  if (largest !== undefined) process.kill(largest, 'SIGKILL')
  return largest
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      connections: { type: 'string', default: '64' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    return 0
  }
  const [seconds, connections] = [Number(values.seconds), Number(values.connections)]
  if (!Number.isInteger(seconds) || seconds < 3 || !Number.isInteger(connections) || connections < 1) {
    console.error('--seconds takes a whole number from 3, --connections one from 1. See --help.')
    return 2
  }
  const machine = describeMachine()
  const registry = await makeLoadRegistry()
  const service = await serve(registry.folder)
  try {
    const report = { ...(await measure(service.port, service.pid, seconds, connections)), machine }
    const text = loadSection(report)
    console.log(text)
    if (values.write) writeFileSync(page, withSection(readFileSync(page, 'utf8'), 'Under load', text))
    return verdict(report) ? 0 : 1
  } finally {
    service.child.kill('SIGTERM')
    await once(service.child, 'close')
    await registry.remove()
  }
}

/** What the dense model calls its tensors. */
const tensorsOf = async (port: number) => {
  const nothing = { path: '/v2/models/dense', headers: {}, body: Buffer.alloc(0) }
  const answer = await ask(port, nothing, { method: 'GET' })
  if (answer.status !== 200) throw new Error(`${nothing.path}: ${answer.status} ${textOf(answer)}`)
  const { inputs, outputs } = JSON.parse(answer.body.toString()) as Record<'inputs' | 'outputs', { name: string }[]>
  return { input: inputs[0]?.name ?? '', output: outputs[0]?.name ?? '' }
}

const measure = async (
  port: number,
  pid: number,
  seconds: number,
  connections: number,
): Promise<Omit<LoadReport, 'machine'>> => {
  const questions = await questionsAbout(await tensorsOf(port))
  const right = await rightAnswers(port, questions)
  const [first = 1] = movingVersions
  const timeline = createTimeline(first)
  const memory = noSamples()
  const failed: string[] = []
  /** Milliseconds each. */
  const moves: number[] = []
  let turn = 0
  const move = async (): Promise<void> => {
    turn += 1
    const version = movingVersions[turn % movingVersions.length] ?? first
    const body = Buffer.from(JSON.stringify({ version, reason: 'load' }))
    const headers = { 'content-type': 'application/json' }
    const began = performance.now()
    const moved = timeline.begin(version, began)
    const answer = await ask(port, { path: '/models/tiny/aliases/production', headers, body }, { method: 'PUT' })
    if (answer.status === 200) moved(performance.now())
    else failed.push(`the alias did not move: ${answer.status} ${textOf(answer)}`)
    moves.push(performance.now() - began)
  }
  // One after the other: two at once might end in either order, and nobody could say what the alias means.
  const movingOn = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const second = sleep(1000)
      await move().catch((error: Error) => failed.push(`the alias did not move: ${error.message}`))
      await second
    }
  }
  // The first move to a version waits until its certificate was replayed, for seconds.
  for (const _ of movingVersions) await move()
  moves.length = 0
  const everySecond = setInterval(() => sample(pid, memory), 1000)
  let killed: number | undefined
  const killing = setTimeout(
    () => {
      killed = killOne(pid)
    },
    (seconds * 1000) / 3,
  )
  const over = new AbortController()
  const moved = movingOn(over.signal)
  const tally = await saturate(port, questions, { right, timeline }, { connections, seconds })
  over.abort()
  clearInterval(everySecond)
  clearTimeout(killing)
  await moved
  if (killed === undefined || isAlive(killed)) failed.push('no process of a model was killed')
  tally.faults.push(...failed)
  const sieges: Siege[] = []
  const probe = questions.find(({ path }) => path.includes('dense'))
  if (probe !== undefined) {
    for (const attack of attacks('/healthz', { slow: 1000, oversized: 500, half: 500, idle: 10_000, stayMs: 5000 })) {
      sieges.push(await besiege(port, attack, probe))
    }
  }
  const date = new Date().toISOString().slice(0, 10)
  return { date, connections, seconds, tally, moves, memory, sieges }
}

/** Prints what went wrong, by kind. */
const verdict = ({ tally, memory, sieges }: LoadReport): boolean => {
  const grown = [...memory.each].filter(([, samples]) => !isFlat(samples))
  const faults = [
    ...tally.faults,
    ...sieges.flatMap(({ name, faults: each }) => each.map((fault) => `${name}: ${fault}`)),
    ...(isFlat(memory.front) ? [] : [`the front process grew: ${memory.front.map(Math.round).join(' ')} MB`]),
    ...grown.map(([pid, samples]) => `the process ${pid} grew: ${samples.map(Math.round).join(' ')} MB`),
  ]
  const kinds = new Map<string, number>()
  for (const fault of faults) kinds.set(fault, (kinds.get(fault) ?? 0) + 1)
  for (const [fault, count] of [...kinds].slice(0, 30)) console.error(`${count} times: ${fault}`)
  return faults.length === 0
}

process.exitCode = await main()
