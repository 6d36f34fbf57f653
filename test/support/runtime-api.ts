/** Lambda's runtime API on this machine: the four calls by which a runtime client asks for events and answers them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What Lambda takes back at most, bytes. */
const MOST_RESPONSE = 6_291_556

export interface FunctionProcess {
  /** The handler's answer; an Error with the function's own message when it failed. */
  invoke(event: unknown): Promise<unknown>
  /** Everything it wrote. */
  output(): string
  stop(): Promise<void>
}

export interface FunctionOptions {
  /** Folder with the bundle, `LAMBDA_TASK_ROOT`. */
  readonly directory: string
  /** `file.export`. */
  readonly handler: string
  readonly env: Readonly<Record<string, string>>
  /** Starts the process with the variables it needs, its output piped. @default the runtime client in this Node */
  readonly launch?: (env: Readonly<Record<string, string>>) => ChildProcess
}

/** AWS's own runtime interface client when it was built here (`MAAS_LAMBDA_RIC` names its folder), else ours of the same protocol. */
export const runtimeClient = (
  env: NodeJS.ProcessEnv = process.env,
): { readonly path: string; readonly isReal: boolean } => {
  const cache = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'maas', 'tools', 'aws-lambda-ric')
  const real = join(env.MAAS_LAMBDA_RIC ?? cache, 'node_modules', 'aws-lambda-ric', 'index.mjs')
  if (existsSync(real)) return { path: real, isReal: true }
  return { path: fileURLToPath(new URL('runtime-client.mjs', import.meta.url)), isReal: false }
}

interface Pending {
  readonly id: string
  readonly body: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

const read = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export const startFunction = async ({ directory, handler, env, launch }: FunctionOptions): Promise<FunctionProcess> => {
  const waiting: Pending[] = []
  const running = new Map<string, Pending>()
  let idle: ServerResponse | undefined
  let ended: Error | undefined

  /** One invocation at a time: the client asks for the next only after it answered the last. */
  const offer = (): void => {
    const next = waiting[0]
    if (idle === undefined || next === undefined) return
    waiting.shift()
    running.set(next.id, next)
    idle.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': next.id,
      'lambda-runtime-deadline-ms': String(Date.now() + 29_000),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-1:111122223333:function:test',
      'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
    })
    idle.end(next.body)
    idle = undefined
  }

  const server = createServer(async (request, response) => {
    const url = request.url ?? ''
    if (url.endsWith('/invocation/next')) {
      idle = response
      offer()
      return
    }
    const body = await read(request)
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}')
    if (url.endsWith('/init/error')) return fail(new Error(`init: ${body}`))
    const [, id = '', end] = /\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? []
    const pending = running.get(id)
    running.delete(id)
    if (end === 'error') pending?.reject(new Error(String(JSON.parse(body.toString()).errorMessage)))
    else if (body.length > MOST_RESPONSE) pending?.reject(new Error('Function.ResponseSizeTooLarge'))
    else pending?.resolve(JSON.parse(body.toString()))
  })
  const fail = (error: Error): void => {
    ended = error
    for (const pending of [...running.values(), ...waiting.splice(0)]) pending.reject(error)
    running.clear()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  let output = ''
  const variables = {
    ...env,
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: directory,
    AWS_LAMBDA_LOG_GROUP_NAME: '/maas/test',
    AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_FUNCTION_NAME: 'test',
    AWS_LAMBDA_FUNCTION_VERSION: '1',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '2048',
  }
  const child: ChildProcess =
    launch?.(variables) ??
    spawn(process.execPath, [runtimeClient().path, handler], {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void exited.then(() => fail(new Error(`Runtime.ExitError: the process ended.\n${output.slice(-2000)}`)))

  return {
    invoke: (event) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended)
        waiting.push({ id: randomUUID(), body: JSON.stringify(event), resolve, reject })
        offer()
      }),
    output: () => output,
    stop: async () => {
      child.kill('SIGKILL')
      await exited
      server.closeAllConnections()
      server.close()
    },
  }
}
