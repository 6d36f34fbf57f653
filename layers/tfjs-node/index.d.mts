// Types of the package's public surface.

export type Platform = 'linux' | 'darwin'
export type Arch = 'x64' | 'arm64'

/** What a built tree is, and the size and SHA-256 of every file in it. */
export interface Manifest {
  readonly format: 1
  readonly key: string
  readonly platform: Platform
  readonly arch: Arch
  /** TensorFlow's version, such as `2.21.0`. */
  readonly tensorflow: string
  /** tfjs-node's version, such as `4.22.0`. */
  readonly tfjs: string
  readonly compiler: string
  readonly smoke: 'ran' | 'skipped'
  readonly files: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>
}

export interface Located {
  readonly directory: string
  readonly manifest: Manifest
}

export interface LocateOptions {
  /** @default this machine's */
  readonly platform?: string | undefined
  /** @default this machine's */
  readonly arch?: string | undefined
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined
  /** Where container images and layers put their files. @default '/opt' */
  readonly opt?: string | undefined
  /** Where a layer's kernels are unpacked. @default the system's temporary folder */
  readonly temporary?: string | undefined
}

export type Phase = 'wait' | 'download' | 'unpack' | 'compiler' | 'compile' | 'check' | 'pack' | 'note'

export interface Progress {
  readonly phase: Phase
  /** Of the phase, 0 to 1. */
  readonly fraction: number
  readonly text: string
}

export interface Ran {
  /** Exit code; -1 when the program could not be started. */
  readonly status: number
  readonly output: string
  readonly signal?: string
}

export type Run = (
  command: string,
  args: readonly string[],
  options?: { cwd?: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal | undefined },
) => Promise<Ran>

export interface BuildOptions {
  /** @default this machine's */
  readonly platform?: string | undefined
  /** @default this machine's */
  readonly arch?: string | undefined
  /** `auto` takes the system's compiler if it has one for the target, else zig. @default 'auto' */
  readonly compiler?: 'auto' | 'system' | 'zig' | undefined
  /** Build again although the cache holds it. @default false */
  readonly force?: boolean | undefined
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Replacements, for tests. */
  readonly tools?: { run?: Run; freeBytes?: (directory: string) => Promise<number> } | undefined
}

export interface Built extends Located {
  /** False when the cache held it. */
  readonly made: boolean
  readonly seconds: number
}

/** Something a person can act on; `code` is a stable word such as `network`, `disk`, `python`, `pip`, `compiler`. */
export declare class KernelsError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: { cause?: unknown })
}

/** A request this command does not understand: exit code 2. */
export declare class UsageError extends KernelsError {
  constructor(message: string)
}

/** Looks in `MAAS_KERNELS`, `/opt/maas/kernels`, the build cache, and a layer's bundle, in this order. */
export declare function locateKernels(options?: LocateOptions): Promise<Located | undefined>

/** Like `locateKernels`, with the reason in a few words when nothing was found. */
export declare function searchKernels(options?: LocateOptions): Promise<{ found: Located | undefined; reason: string }>

/** The folder that holds one folder per build. */
export declare function kernelCacheDirectory(env?: NodeJS.ProcessEnv): string

/** Builds the kernels into the cache unless they are there. */
export declare function buildKernels(options?: BuildOptions): Promise<Built>

/** A progress bar for `buildKernels({ onProgress })`; call `stop` when it is over, in either way. */
export declare function showBuildProgress(
  stream?: NodeJS.WriteStream,
): Promise<{ onProgress: (progress: Progress) => void; stop: () => void }>

/** What a build of kernels needs and what the processor can do. */
export interface Machine {
  readonly node: string
  readonly platform: string
  readonly arch: string
  readonly processor: string
  /** Instruction sets of the processor that speed up kernels, e.g. `avx2`; empty where unknown. */
  readonly features: readonly string[]
  readonly cache: { readonly directory: string; readonly bytes: number }
  /** On the cache's disk. */
  readonly freeBytes: number
  /** What a build takes at its peak. */
  readonly neededBytes: number
  /** What pip says of itself; absent without python3 or pip. */
  readonly pip: string | undefined
  readonly compiler: string | undefined
}

export declare function describeMachine(options?: { env?: NodeJS.ProcessEnv; run?: Run }): Promise<Machine>
