/** What prediction needs of TensorFlow, without tfjs: sessions over compiled graphs and the JPEG decoder. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { InvalidInputError, messageOf } from '../errors.ts'
import { sentenceAbout } from './decode-jpeg.ts'
import { findNative, nativeId } from './find.ts'
import type { Kernels, LoadOptions } from './index.ts'
import { jpegGraph } from './jpeg-graph.ts'
import { preloadKernels, prepareTensorFlow } from './preload.ts'
import type { DecodedImage, SessionBinding, SessionHandle } from './surface.ts'

export interface SessionKernels {
  readonly sessions: SessionBinding
  /** TensorFlow's version. */
  readonly version: string
  /** As `Kernels.id`. */
  readonly id: string
  readonly native: { decodeJpeg(bytes: Uint8Array, options: { readonly channels: 1 | 3 }): DecodedImage }
}

/** Both ways to the kernels, each loaded when it is first asked for. */
export interface KernelSource {
  /** The id that `sessions` will have. TensorFlow begins to load meanwhile, so that its caller can do other things. */
  id(): Promise<string | undefined>
  /** Undefined where there are no native kernels. */
  sessions(): Promise<SessionKernels | undefined>
  /** With tfjs. */
  whole(): Promise<Kernels>
}

export const lazyKernels = (options: LoadOptions = {}): KernelSource => {
  let sessions: Promise<SessionKernels | undefined> | undefined
  let id: Promise<string | undefined> | undefined
  return {
    id: () => {
      id ??= options.prefer === 'wasm' ? Promise.resolve(undefined) : beginLoading(options.env)
      return id
    },
    sessions: () => {
      sessions ??= options.prefer === 'wasm' ? Promise.resolve(undefined) : loadSessions(options.env)
      return sessions
    },
    // Not a static import: tfjs takes a fifth of a second and 60 MB, and compiled models never need it.
    whole: async () => (await import('./index.ts')).loadKernels(options),
  }
}

const beginLoading = async (env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> => {
  const { found } = await findNative(env)
  if (found === undefined) return undefined
  preloadKernels(found.directory)
  return nativeId(found.manifest.tensorflow, found.manifest.arch)
}

/** Undefined where there are none or they do not load: `loadKernels` then says why. */
export const loadSessions = async (env: NodeJS.ProcessEnv = process.env): Promise<SessionKernels | undefined> => {
  const { found } = await findNative(env)
  if (found === undefined) return undefined
  const { directory, manifest } = found
  try {
    const sessions = requireSessions(directory)
    const version = manifest.tensorflow
    const id = nativeId(version, manifest.arch)
    return { sessions, version, id, native: { decodeJpeg: jpegDecoder(sessions) } }
  } catch {
    return undefined
  }
}

/** The session addon of a folder of kernels; TensorFlow is loaded with it. */
export const requireSessions = (directory: string): SessionBinding => {
  prepareTensorFlow(directory)
  return createRequire(join(directory, 'session.node'))('./session.node')
}

const jpegDecoder = (sessions: SessionBinding): SessionKernels['native']['decodeJpeg'] => {
  const open = new Map<1 | 3, SessionHandle>()
  return (bytes, { channels }) => {
    const session =
      open.get(channels) ?? sessions.open(jpegGraph(channels), onThisThread, ['bytes:0'], ['pixels:0'], true)
    open.set(channels, session)
    try {
      const [pixels] = sessions.run(session, [[bytes]], [[]], 1)
      const [height = 0, width = 0] = pixels?.shape ?? []
      return { data: pixels?.data as Uint8Array, height, width, channels }
    } catch (cause) {
      throw new InvalidInputError(`This is not a JPEG that can be decoded: ${sentenceAbout(messageOf(cause))}`, {
        cause,
      })
    }
  }
}

/** A ConfigProto: one intra-op thread, operations run on the calling thread (-1). */
const onThisThread = Uint8Array.of(0x10, 1, 0x28, ...[255, 255, 255, 255, 255, 255, 255, 255, 255, 1])
