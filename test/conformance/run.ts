/** The command `npm run test:conformance`: schemathesis makes requests up from openapi.json, a real local service answers, schemathesis judges. */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createObjectKeys, issueKey } from '@maas/core/keys'
import { createFileStore } from '@maas/core/store'
import * as z from 'zod'
import { makeRegistry, runService } from '../e2e/serve/running.ts'
import { asVersion, imagePreprocess, labels } from '../support/models.ts'
import { findTools } from '../tools/sets.mjs'
import { judge, reportSchema } from './report.ts'

const help = `Judge the local service by its own openapi.json with schemathesis: no 5xx but 503 with Retry-After, and no answer that the document
does not describe. Then /metrics, read by Prometheus' own parser. Installs both into the cache, once (70 MB).

Usage: npm run test:conformance -- [--cases N] [arguments of schemathesis run]

  --cases N   fail when fewer cases than this were judged (default 5000; 0 with a filter)

Examples:
  npm run test:conformance
  npm run test:conformance -- --cases 0 --include-path-regex '^/v1/' --max-examples 20
  npm run test:conformance -- --cases 0 --seed 7`

const checks = [
  ...['no_unexpected_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_headers_conformance', 'response_schema_conformance', 'negative_data_rejection'],
  ...['unsupported_method', 'allow_header_conformance', 'ignored_auth'],
]

const folder = fileURLToPath(new URL('.', import.meta.url))
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

/** `tiny` with two versions and an alias, and `spare`, whose versions may be deleted. */
const startJudged = async () => {
  const history = { epochs: [{ loss: 1, accuracy: 0.5 }], bestEpoch: 1, notices: [] }
  const registry = await makeRegistry({ 'history.json': json(history), 'report.html': Buffer.from('<h1>Report</h1>') })
  const [artifact] = registry.artifacts
  if (artifact === undefined) throw new Error('no model was made')
  for (let i = 0; i < 3; i += 1) {
    await registry.registry.register('spare', asVersion(artifact, { preprocess: imagePreprocess, labels }))
  }
  const keys = createObjectKeys(createFileStore(registry.root))
  const { key } = await issueKey(
    keys,
    { name: 'judge', rights: ['data', 'control'] },
    { random: randomBytes(32), now: Date.now() },
  )
  const service = await runService({ root: registry.root, keys: true })
  return { ...service, key, remove: registry.remove }
}

const main = async (args: readonly string[]): Promise<number> => {
  if (args.includes('--help')) {
    console.log(help)
    return 0
  }
  const at = args.indexOf('--cases')
  const least = at === -1 ? 5000 : Number(args[at + 1])
  if (!Number.isInteger(least) || least < 0) {
    console.error(`--cases is "${args[at + 1]}"; allowed are whole numbers from 0. See --help.`)
    return 2
  }
  const rest = at === -1 ? args : args.filter((_, i) => i !== at && i !== at + 1)
  const environment = findTools('conformance')
  if (environment === undefined) {
    console.error('schemathesis is not installed: run node test/tools/install.mjs conformance')
    return 1
  }
  const judged = await startJudged()
  const scratch = await mkdtemp(join(tmpdir(), 'maas-conformance-'))
  try {
    const report = join(scratch, 'report.json')
    const document = join(scratch, 'openapi.json')
    await writeFile(document, JSON.stringify(withoutTuples(await (await fetch(`${judged.url}/openapi.json`)).json())))
    const status = await run(
      join(environment, 'bin/st'),
      [
        ...['run', document, '--url', judged.url, '--phases', 'examples,coverage,fuzzing', '--max-examples', '30'],
        ...['--checks', checks.join(','), '--continue-on-failure', '--no-shrink', '--seed', '1', '--warnings', 'off'],
        ...['--generation-database', 'none', '--report', 'json', '--report-json-path', report],
        ...['--header', `x-api-key: ${judged.key}`, ...rest],
      ],
      scratch,
      {
        ...process.env,
        SCHEMATHESIS_HOOKS: 'hooks',
        PYTHONPATH: [folder, process.env.PYTHONPATH ?? ''].filter(Boolean).join(delimiter),
        PYTHONDONTWRITEBYTECODE: '1',
      },
    )
    const logged = judged.entries.filter(({ level }) => level === 'error').map(({ message }) => message)
    const { lines, passed } = judge(reportSchema.parse(JSON.parse(await readFile(report, 'utf8'))), logged, least)
    for (const line of lines) console.log(line)
    const { headers, text } = await readMetrics(judged)
    const families = await parseMetrics(join(environment, 'bin/python'), text)
    console.log(`/metrics (${headers.get('content-type')}): ${families.length} families, valid for prometheus_client`)
    return status === 0 && passed && families.includes('maas_requests') ? 0 : 1
  } finally {
    await judged.close()
    await judged.remove()
    await rm(scratch, { recursive: true, force: true })
  }
}

const readMetrics = async ({ url, key }: { readonly url: string; readonly key: string }) => {
  const response = await fetch(`${url}/metrics`, { headers: { 'x-api-key': key } })
  return { headers: response.headers, text: await response.text() }
}

/** Names of the families; throws with the parser's words when it is no OpenMetrics. */
const parseMetrics = async (python: string, text: string): Promise<readonly string[]> => {
  const parsed = promisify(execFile)(python, [join(folder, 'metrics.py')])
  parsed.child.stdin?.end(text)
  return z.array(z.string()).parse(JSON.parse((await parsed).stdout))
}

/**
 * Schemathesis 4.32 turns a tuple into a form which it then refuses itself, so it gets a list of the same length whose items are any
 * of the tuple's: the one thing that is not judged is their order.
 */
const withoutTuples = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(withoutTuples)
  if (typeof schema !== 'object' || schema === null) return schema
  const { prefixItems, ...rest } = schema as { prefixItems?: unknown[]; [key: string]: unknown }
  const items = prefixItems && { items: { anyOf: prefixItems } }
  return Object.fromEntries(Object.entries({ ...rest, ...items }).map(([key, value]) => [key, withoutTuples(value)]))
}

const run = (command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: 'inherit' })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })

process.exitCode = await main(process.argv.slice(2))
