/** Predictions over HTTP: requests per second and how long one takes, at 1 and 8 connections. */
import { mustAgree } from '../agree.ts'
import { askOnce, type Load, load, questions, services, startGenerator } from '../http.ts'
import { interleave, measured, type Task } from '../interleave.ts'
import { percentile } from '../stats.ts'
import type { Part, Row } from '../types.ts'

const cases = questions.flatMap((question) => [1, 8].map((connections) => ({ question, connections })))

export const http: Part = {
  name: 'http',
  title: 'Predictions over HTTP',
  method:
    'The same CNN behind each service: ours (a front process and one process for the model), FastAPI on uvicorn with uvloop, httptools, orjson and Pillow (one worker), fastify with sharp (one process). Load from autocannon in its own process on the same cores, 3 s a round; the same 60 KB of JSON and the same 1 KB JPEG for all, whose answers were compared before (1e-5).',
  async run(bench) {
    const generator = await startGenerator(bench)
    const seconds = bench.quick ? 0.5 : 3
    try {
      const outcomes = await interleave<Load>(bench, {
        contenders: services(bench),
        tasks: cases.map(
          ({ question, connections }): Task<Load> => ({
            title: titleOf(question.name, connections),
            measure: (peer) => load(bench, generator, peer, question, { connections, seconds }),
            answer: (peer) => askOnce(bench, peer, question),
          }),
        ),
        compare: mustAgree,
      })
      return cases.flatMap(({ question, connections }, i): Row[] => {
        const what = titleOf(question.name, connections)
        const latency = (share: number): Row => ({
          ...{ what: `${what}, p${share * 100}`, unit: 'ms' },
          results: measured(outcomes[i], ({ milliseconds }) => percentile(milliseconds, share)),
        })
        const rate = measured(outcomes[i], ({ requests, seconds: took }) => requests / took)
        return [
          { what, unit: 'requests/s', results: rate, targets: question.targets },
          latency(0.5),
          { ...latency(0.99), ...(connections > 1 && { targets: question.tailTargets }) },
        ]
      })
    } finally {
      await generator.stop()
    }
  },
}

const titleOf = (name: string, connections: number): string =>
  `${name}, ${connections} connection${connections === 1 ? '' : 's'}`
