/** The snippets of the HTTP reference, run as they are written: in a shell, in Node and in Python, against a running service. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { operationIdOf, type Route, routes, type Snippets, snippetsOf } from '@maas/core/contract'
import { createObjectKeys, issueKey } from '@maas/core/keys'
import { createFileStore } from '@maas/core/store'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asVersion, imagePreprocess, labels } from '../../support/models.ts'
import { findPython, runPython } from '../../support/python.ts'
import { makeRegistry, runService } from './running.ts'

const python = findPython('base', 'snippets in Python')

/** Deletes last, so that what they delete is there for the others. Both are answered by containers alone: /ping, /invocations. */
const shown = routes
  .filter(({ path }) => path !== '/ping' && path !== '/invocations')
  .toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))

/** Examples about another model than this one, which classifies pictures. */
const ofAnotherModel = new Set(['infer', 'regress'])
/** The job of an earlier language is over. */
const ofAnEarlierRun = new Set(['stopTrainingJob'])

/** As promised, or that what it names does not exist here, or no longer, as all languages ask the same service; never that the request itself is wrong. */
const expected = ({ response, also = [], operation }: Route): number[] => [
  ...[response.status, ...also.map(({ status }) => status), 404, 409],
  ...(ofAnotherModel.has(operation) || ofAnEarlierRun.has(operation) ? [400] : []),
]

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>
let env: Record<string, string | undefined>

const snippets = (language: keyof Snippets): string[] => shown.map((route) => snippetsOf(route, service.url)[language])

const judge = (statuses: readonly number[]): void => {
  const wrong = shown.flatMap((route, i) =>
    expected(route).includes(statuses[i] ?? 0) ? [] : [`${operationIdOf(route)}: ${statuses[i]}`],
  )
  expect(wrong).toEqual([])
  const promised = shown.filter(({ response }, i) => statuses[i] === response.status)
  expect(promised.length).toBeGreaterThan(shown.length / 2)
}

describe('every snippet of the reference is a request that the service understands', () => {
  beforeAll(async () => {
    registry = await makeRegistry()
    const { artifacts, folder, root } = registry
    for (const artifact of artifacts) {
      await registry.registry.register('cifar10', asVersion(artifact, { preprocess: imagePreprocess, labels }))
    }
    // A version that an alias means is not deleted.
    await registry.registry.setAlias('cifar10', 'kept', [{ version: 1, weight: 100 }], { by: 't', why: 't' })
    const keys = createObjectKeys(createFileStore(root))
    const { key } = await issueKey(
      keys,
      { name: 'reader', rights: ['data', 'control'] },
      { random: randomBytes(32), now: Date.now() },
    )
    service = await runService({ root, keys: true })
    env = { PATH: process.env.PATH, HOME: process.env.HOME, MAAS_API_KEY: key }
    const image = sharp({ create: { width: 9, height: 9, channels: 3, background: '#40a0c0' } })
    await writeFile(join(folder, 'photo.jpg'), await image.jpeg().toBuffer())
  })
  beforeEach(async () => {
    await registry.registry.setAlias('cifar10', 'production', [{ version: 2, weight: 100 }], { by: 't', why: 't' })
  })
  afterAll(async () => {
    await service?.close()
    await registry?.remove()
  })

  it('as curl', async () => {
    const script = [`curl() { command curl -s -o answer -w '%{http_code}\\n' "$@"; }`, ...snippets('curl')].join('\n')
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: registry.folder, env })
    judge(stdout.trim().split('\n').map(Number))
  })

  it('as TypeScript', async () => {
    const { folder } = registry
    await mkdir(join(folder, 'ts'))
    const parts = snippets('typescript')
    await Promise.all(parts.map((text, i) => writeFile(join(folder, 'ts', `${i}.mjs`), text)))
    const main = `
      const statuses = []
      const { fetch: ask } = globalThis
      globalThis.fetch = async (...given) => {
        const response = await ask(...given)
        statuses.push(response.status)
        return response
      }
      const { log } = console
      console.log = () => {}
      for (let i = 0; i < ${parts.length}; i += 1) await import('./' + i + '.mjs').catch((error) => { if (statuses.length !== i + 1) throw error })
      log(JSON.stringify(statuses))`
    await writeFile(join(folder, 'ts', 'main.mjs'), main)
    const { stdout } = await promisify(execFile)(process.execPath, ['ts/main.mjs'], { cwd: folder, env })
    judge(JSON.parse(stdout))
  })

  it.skipIf(python === undefined)('as Python', async () => {
    const { folder } = registry
    await writeFile(join(folder, 'parts.json'), JSON.stringify(snippets('python')))
    const program = `
import contextlib, io, json, requests
statuses = []
ask = requests.api.request
def noted(*given, **named):
    response = ask(*given, **named)
    statuses.append(response.status_code)
    return response
requests.api.request = noted
for number, part in enumerate(json.load(open('parts.json'))):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(part, {})
        except ValueError:
            assert len(statuses) == number + 1
print(json.dumps(statuses))`
    judge(await runPython<number[]>(python ?? '', ['-c', program], { cwd: folder, env }))
  })

  it('which would be found if it were not', () => {
    const broken = shown.map(({ response, operation }) => (operation === 'moveAlias' ? 400 : response.status))
    expect(() => judge(broken)).toThrow('moveAlias')
  })
})
