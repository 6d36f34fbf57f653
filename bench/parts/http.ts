/** Predictions over HTTP: requests per second and how long one takes, at 1 and 8 connections. */
import { questions, raceServices, titleOf } from '../http.ts'
import { measured } from '../interleave.ts'
import { percentile } from '../stats.ts'
import type { Part, Row } from '../types.ts'

const cases = questions.flatMap((question) => [1, 8].map((connections) => ({ question, connections })))

export const http: Part = {
  name: 'http',
  title: 'Predictions over HTTP',
  method:
    'The same CNN behind each service: ours (a front process and one process for the model), FastAPI on uvicorn with uvloop, httptools, orjson and Pillow (one worker), fastify with sharp (one process). Load from autocannon in its own process on the same cores, 3 s a round; the same 60 KB of JSON and the same 1 KB JPEG for all, whose answers were compared before (1e-5).',
  async run(bench) {
    const outcomes = await raceServices(bench, cases, bench.quick ? 0.5 : 3)
    return cases.flatMap((one, i): Row[] => {
      const { question, connections } = one
      const what = titleOf(one)
      const latency = (share: number): Row => ({
        what: `${what}, p${share * 100}`,
        unit: 'ms',
        results: measured(outcomes[i], ({ milliseconds }) => percentile(milliseconds, share)),
      })
      const rate = measured(outcomes[i], ({ requests, seconds }) => requests / seconds)
      return [
        { what, unit: 'requests/s', results: rate, targets: question.targets },
        latency(0.5),
        { ...latency(0.99), ...(connections > 1 && { targets: question.tailTargets }) },
      ]
    })
  },
}
