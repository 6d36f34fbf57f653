/** Memory that is only ours while serving, and whether it grows. */
import { load, questions, services, startGenerator } from '../http.ts'
import { anonymousMegabytes } from '../memory-of.ts'
import { type Measured, type Part, type Row, type Skipped, Unavailable } from '../types.ts'

const counts = [2_000, 20_000, 100_000] as const

export const memory: Part = {
  name: 'memory',
  title: 'Memory while serving',
  method:
    'Anonymous resident memory (RssAnon: what no file backs and no other process can share) after 2,000 JPEG requests, 20,000 and, of ours alone, 100,000, eight at a time: of all processes of a service, of the one that takes requests, and of the one that runs the model.',
  async run(bench) {
    const steps = bench.quick ? counts.map((count) => count / 50) : counts
    const question = questions.find(({ type }) => type === 'image/jpeg')
    const generator = await startGenerator(bench)
    const samples: (Skipped | Sample)[] = []
    for (const [index, { name, start }] of services(bench).entries()) {
      try {
        bench.progress(`memory: ${name}`)
        const peer = await start()
        try {
          if (question === undefined) throw new Unavailable('there is no JPEG question')
          const after: Amount[] = []
          let done = 0
          for (const count of index === 0 ? steps : steps.slice(0, 2)) {
            await load(bench, generator, peer, question, { connections: 8, amount: count - done })
            done = count
            after.push(anonymousMegabytes(peer.pid))
          }
          samples.push({ name, versions: peer.hello.ready, after })
        } finally {
          await peer.stop()
        }
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error
        samples.push({ name, skipped: error.message })
      }
    }
    await generator.stop()
    return (Object.keys(words) as (keyof Amount)[]).flatMap((which) =>
      steps.map((count, at): Row => {
        return {
          what: `${words[which]}, after ${count.toLocaleString('en-US')} requests`,
          unit: 'MB',
          results: samples.flatMap((sample): (Measured | Skipped)[] =>
            'skipped' in sample ? [sample] : toMeasured(sample, at, which),
          ),
          ...(which !== 'total' && { limit: 120 }),
        }
      }),
    )
  },
}

type Amount = ReturnType<typeof anonymousMegabytes>

const words: Readonly<Record<keyof Amount, string>> = {
  total: 'all processes',
  front: 'the process that takes requests',
  model: 'the process that runs the model',
}

interface Sample {
  readonly name: string
  readonly versions: Readonly<Record<string, string>>
  readonly after: readonly Amount[]
}

const toMeasured = ({ name, versions, after }: Sample, at: number, which: keyof Amount): Measured[] => {
  const value = after[at]?.[which]
  return value === undefined ? [] : [{ name, versions, value, rounds: [value] }]
}
