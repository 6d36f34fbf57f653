/** What `maas doctor` says about this machine's kernels: facts, and for each finding what to do. */
import { messageOf } from '../errors.ts'
import type { Kernels } from './index.ts'
import { describeMachine, type Machine, searchKernels } from './native.ts'

export interface Finding {
  readonly level: 'ok' | 'warn' | 'error'
  readonly what: string
  /** A command or a sentence; absent when nothing needs doing. */
  readonly fix?: string
}

export interface Diagnosis {
  readonly backend: 'tensorflow' | 'wasm' | 'none'
  readonly version: string | undefined
  readonly machine: Machine
  readonly findings: readonly Finding[]
}

export interface DiagnoseOptions {
  /** Loads the kernels of this process; `loadKernels` outside tests. */
  readonly load: () => Promise<Kernels>
  readonly env?: NodeJS.ProcessEnv
  /** Facts to judge, instead of this machine's; for tests. */
  readonly machine?: Machine
}

const buildCommand = 'npm run build:kernels'

export async function diagnose({ load, env = process.env, machine }: DiagnoseOptions): Promise<Diagnosis> {
  const facts = machine ?? (await describeMachine({ env }))
  const loaded = await load().catch((error: unknown) => messageOf(error))
  const kernels = typeof loaded === 'string' ? undefined : loaded
  const native = kernels?.backend === 'tensorflow'
  const findings = [
    judgeNode(facts.node),
    typeof loaded === 'string'
      ? { level: 'error' as const, what: loaded, fix: buildCommand }
      : await judgeBackend(loaded, env),
    judgeProcessor(facts),
    judgeDisk(facts, native),
    ...(native ? [] : judgeTools(facts)),
  ]
  return { backend: kernels?.backend ?? 'none', version: kernels?.version, machine: facts, findings }
}

function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return { level: 'ok', what: `Node ${version}` }
  return { level: 'error', what: `Node ${version} is too old`, fix: 'Install Node 22 (20.19 or newer works).' }
}

async function judgeBackend(kernels: Kernels, env: NodeJS.ProcessEnv): Promise<Finding> {
  if (kernels.backend === 'tensorflow') {
    return { level: 'ok', what: `TensorFlow ${kernels.version}, native kernels from ${kernels.native?.directory}` }
  }
  const { reason } = await searchKernels({ env })
  return {
    level: 'warn',
    what: `WASM backend ${kernels.version}: training is about 8 times slower (native kernels: ${reason || 'not asked for'})`,
    fix: buildCommand,
  }
}

function judgeProcessor({ processor, features, arch }: Machine): Finding {
  const what = `${processor}${features.length > 0 ? ` with ${features.join(', ')}` : ''}`
  if (arch !== 'x64' || features.length === 0 || features.includes('avx2')) return { level: 'ok', what }
  return { level: 'warn', what: `${processor} lacks AVX2`, fix: 'Computation is slower here; use a machine with AVX2.' }
}

function judgeDisk({ cache, freeBytes, neededBytes }: Machine, native: boolean): Finding {
  const what = `cache ${cache.directory}: ${gigabytes(cache.bytes)} used, ${gigabytes(freeBytes)} free on its disk`
  if (native || freeBytes >= neededBytes) return { level: 'ok', what }
  return {
    level: 'error',
    what: `${what}; building kernels needs ${gigabytes(neededBytes)}`,
    fix: 'Free some space or set XDG_CACHE_HOME to a larger disk.',
  }
}

/** Tools matter only while the kernels still have to be built. */
function judgeTools({ pip, compiler }: Machine): Finding[] {
  return [
    pip === undefined
      ? { level: 'error', what: 'python3 with pip was not found', fix: 'Install it, e.g. apt-get install python3-pip.' }
      : { level: 'ok', what: pip },
    { level: 'ok', what: compiler ?? 'no C++ compiler; the build will fetch zig' },
  ]
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
