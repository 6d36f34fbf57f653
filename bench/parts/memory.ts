/** Memory that is only ours while serving, and whether it grows. */
import { load, questions, services, startGenerator } from '../http.ts'
import { anonymousMegabytes } from '../memory-of.ts'
import { type Measured, type Part, type Row, type Skipped, Unavailable } from '../types.ts'

export const memory: Part = {
  name: 'memory',
  title: 'Memory while serving',
  method:
    'Anonymous resident memory (RssAnon: what no file backs and no other process can share) of all processes of a service, after 2,000 JPEG requests and after 20,000, eight at a time. “Model process” is the largest single one.',
  async run(bench) {
    const [first, last] = bench.quick ? [200, 400] : [2_000, 20_000]
    const question = questions.find(({ type }) => type === 'image/jpeg')
    const generator = await startGenerator(bench)
    const samples: (Skipped | Sample)[] = []
    for (const { name, start } of services(bench)) {
      try {
        bench.progress(`memory: ${name}`)
        const peer = await start()
        try {
          if (question === undefined) throw new Unavailable('there is no JPEG question')
          const afterOf = async (amount: number) => {
            await load(bench, generator, peer, question, { connections: 8, amount })
            return anonymousMegabytes(peer.pid)
          }
          const early = await afterOf(first)
          const late = await afterOf(last - first)
          samples.push({ name, versions: peer.hello.ready, early, late })
        } finally {
          await peer.stop()
        }
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error
        samples.push({ name, skipped: error.message })
      }
    }
    await generator.stop()
    const row = (what: string, pick: (sample: Sample) => number): Row => ({
      ...{ what, unit: 'MB' },
      results: samples.map((sample) => ('skipped' in sample ? sample : toMeasured(sample, pick(sample)))),
    })
    const at = (count: number) => `after ${count.toLocaleString('en-US')} requests`
    return [
      row(`all processes, ${at(first)}`, ({ early }) => early.total),
      row(`all processes, ${at(last)}`, ({ late }) => late.total),
      row(`model process, ${at(last)}`, ({ late }) => late.largest),
    ]
  },
}

type Amount = ReturnType<typeof anonymousMegabytes>

interface Sample {
  readonly name: string
  readonly versions: Readonly<Record<string, string>>
  readonly early: Amount
  readonly late: Amount
}

const toMeasured = ({ name, versions }: Sample, value: number): Measured => ({ name, versions, value, rounds: [value] })
