/** Starts moto, a stand-in for AWS, on a free port of this machine. */
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Moto {
  readonly endpoint: string
  stop(): Promise<void>
}

const START_MS = 60_000

/** moto takes any, until IAM is turned on. */
export const motoCredentials = { accessKeyId: 'test', secretAccessKey: 'test' } as const

/** What a program of ours needs in its environment to take moto for AWS, with the store in `bucket`. */
export const motoEnvironment = (endpoint: string, region: string, bucket: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: motoCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: motoCredentials.secretAccessKey,
  MAAS_STORE: `s3://${bucket}`,
  MAAS_TABLE: 'keys',
})
const server = fileURLToPath(new URL('./moto-server.py', import.meta.url))

/** `bin/moto_server` of the tools that `npm test` installs (MAAS_TEST_TOOLS), else the one on PATH. */
export const findMoto = (env: NodeJS.ProcessEnv = process.env): string | undefined => {
  const tools = env.MAAS_TEST_TOOLS
  const folders = [...(tools ? [join(tools, 'bin')] : []), ...(env.PATH ?? '').split(delimiter)]
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'moto_server'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/**
 * Where moto is missing, the tests that need it skip and say why; in CI they fail, as a skip there would go unseen.
 * Give the result to `describe.skipIf`.
 */
export const isMotoMissing = (env: NodeJS.ProcessEnv = process.env): boolean => {
  if (findMoto(env) !== undefined) return false
  const advice = 'moto_server is missing: run `npm test`, which installs it, or `pip install "moto[server,s3]"`'
  if (env.CI === 'true') throw new Error(advice)
  console.warn(`SKIPPED the tests against S3: ${advice}`)
  return true
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** Resolves when it answers. The caller stops it. */
export const startMoto = async (): Promise<Moto> => {
  const program = findMoto()
  if (program === undefined) throw new Error('moto_server is missing')
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const beside = join(dirname(program), 'python')
  const python = existsSync(beside) ? beside : 'python3'
  const child = spawn(python, [server, String(port)], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk) => {
    log = `${log}${chunk}`.slice(-4000)
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  for (const since = Date.now(); Date.now() - since < START_MS; ) {
    if (child.exitCode !== null) throw new Error(`moto_server ended with ${child.exitCode}: ${log}`)
    const up = await fetch(`${endpoint}/moto-api/data.json`).then(
      (reply) => reply.ok,
      () => false,
    )
    if (up) return { endpoint, stop }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await stop()
  throw new Error(`moto_server did not answer within ${START_MS / 1000} s: ${log}`)
}
