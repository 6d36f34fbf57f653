/** TensorFlow for this process: native kernels where they are built, the WASM backend elsewhere, said in one line. */
import { KernelError } from '../errors.ts'
import { nativeId } from './find.ts'
import { loadNative } from './native.ts'
import type { NativeSurface } from './surface.ts'
import { type TensorFlow, tf } from './tf.ts'
import { loadWasm } from './wasm.ts'

export { type Diagnosis, diagnose, type Finding } from './diagnose.ts'
export { BuildError, type BuildOptions, type Built, buildKernels, showBuildProgress } from './native.ts'
export { type KernelSource, lazyKernels, type SessionKernels } from './sessions.ts'
export type {
  DecodedImage,
  NativeBackend,
  NativeBinding,
  NativeSurface,
  NativeValues,
  OpAttr,
  SessionBinding,
  SessionHandle,
  SessionResult,
  TensorMetadata,
} from './surface.ts'
export type { TensorFlow } from './tf.ts'

export interface Kernels {
  /** tfjs core and layers in one namespace, gradients and chained ops registered. */
  readonly tf: TensorFlow
  readonly backend: 'tensorflow' | 'wasm'
  /** TensorFlow's version (`2.21.0`) on native kernels, the WASM backend's otherwise. */
  readonly version: string
  /** Only with backend `tensorflow`. */
  readonly native?: NativeSurface
  /** What lineage records, e.g. `tensorflow-2.21.0-x64` or `wasm-4.22.0`. */
  readonly id: string
}

export interface LoadOptions {
  /** `native` fails where there are no native kernels; `wasm` takes WASM without a word. @default native, else WASM */
  readonly prefer?: 'native' | 'wasm' | undefined
  /** Receives the one line about a fallback. @default standard error */
  readonly announce?: ((line: string) => void) | undefined
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined
}

let loading: Promise<Kernels> | undefined

/** Loads the kernels once per process; later calls get the same ones. */
export async function loadKernels(options: LoadOptions = {}): Promise<Kernels> {
  loading ??= load(options)
  let kernels: Kernels
  try {
    kernels = await loading
  } catch (error) {
    loading = undefined
    throw error
  }
  const wanted = options.prefer
  if (wanted !== undefined && (wanted === 'wasm') !== (kernels.backend === 'wasm')) {
    throw new KernelError(
      `This process already runs on the ${kernels.backend} backend; ${wanted} kernels need a process of their own.`,
    )
  }
  return kernels
}

async function load({ prefer, announce = toStandardError, env }: LoadOptions): Promise<Kernels> {
  if (prefer !== 'wasm') {
    const loaded = await loadNative(tf, env)
    if ('native' in loaded) {
      const { native, version, arch } = loaded
      return { tf, backend: 'tensorflow', version, native, id: nativeId(version, arch) }
    }
    if (prefer === 'native') {
      throw new KernelError(`Native kernels are needed here but missing: ${loaded.reason}. Fix: npm run build:kernels`)
    }
    announce(fallbackLine(loaded.reason))
  }
  const version = await loadWasm(tf)
  return { tf, backend: 'wasm', version, id: `wasm-${version}` }
}

/** The sentence every command says once when it runs without native kernels. */
export const fallbackLine = (reason: string): string =>
  `Native kernels not found (${reason}): using the WASM backend; training is about 8 times slower. Fix: npm run build:kernels`

function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`)
}
