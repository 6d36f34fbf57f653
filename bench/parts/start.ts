/** How long a fresh process takes from its start to its first answer. */
import { mustAgree } from '../agree.ts'
import { type CommandOf, nodeAlone, oursCompiled, python } from '../contenders.ts'
import { type Contender, interleave, measured } from '../interleave.ts'
import { type Peer, startPeer } from '../peer.ts'
import type { Bench, Part } from '../types.ts'

/** A contender whose every measurement is a process of its own. */
const launcher = (
  bench: Bench,
  name: string,
  command: CommandOf,
  more: () => Promise<readonly string[]> = async () => [],
): Contender => ({
  name,
  start: async () => {
    const launch = await command(bench, 'first', [await bench.fixtures(), ...(await more())])
    const once = async () => {
      const start = performance.now()
      const peer = await startPeer(launch)
      const milliseconds = performance.now() - start
      await peer.stop()
      return { milliseconds, outputs: peer.hello.outputs ?? [] }
    }
    const { ready } = (await startPeer(launch)).hello
    return { hello: { ready }, pid: 0, ask: once as Peer['ask'], stop: async () => undefined }
  },
})

interface First {
  readonly milliseconds: number
  readonly outputs: readonly number[]
}

export const start: Part = {
  name: 'start',
  title: 'Process start to first prediction',
  method:
    'From starting the process to the first answer of the same CNN at batch 1 on its standard output, files in the page cache: interpreter, libraries, model file, first call.',
  async run(bench) {
    const title = 'process start to first prediction'
    const [outcomes] = await interleave<First>(bench, {
      contenders: [
        launcher(bench, 'maas', oursCompiled, async () => [await bench.registry()]),
        launcher(bench, 'Python TensorFlow', python),
        launcher(bench, 'onnxruntime-node', nodeAlone),
      ],
      tasks: [
        {
          title,
          measure: (peer) => peer.ask('first'),
          answer: async (peer) => (await peer.ask<First>('first')).outputs,
        },
      ],
      compare: mustAgree,
    })
    const results = measured(outcomes, ({ milliseconds }) => milliseconds)
    return [{ what: title, unit: 'ms', results, targets: { 'Python TensorFlow': 10 }, limit: 300 }]
  },
}
