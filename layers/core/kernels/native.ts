/** Loads the built kernels onto tfjs and wraps the addon. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { TensorInfo } from '@tensorflow/tfjs-core'
import { messageOf } from '../errors.ts'
import { decodeJpeg } from './decode-jpeg.ts'
import { registerFastGradients } from './fast-gradients.ts'
import { findNative } from './find.ts'
import { prepareTensorFlow } from './preload.ts'
import { registerResizeGradients } from './resize-gradients.ts'
import { requireSessions } from './sessions.ts'
import type { NativeBackend, NativeBinding, NativeSurface } from './surface.ts'
import type { TensorFlow } from './tf.ts'

export {
  type BuildOptions,
  type Built,
  buildKernels,
  describeMachine,
  KernelsError as BuildError,
  type Machine,
  searchKernels,
  showBuildProgress,
} from '@maas/tfjs-node'

export interface LoadedNative {
  readonly native: NativeSurface
  readonly version: string
  readonly arch: string
}

/** The loaded kernels, or why there are none; a wrong `MAAS_KERNELS` is an error, since somebody asked for it. */
export async function loadNative(
  tf: TensorFlow,
  env: NodeJS.ProcessEnv = process.env,
): Promise<LoadedNative | { readonly reason: string }> {
  const { found, reason } = await findNative(env)
  if (found === undefined) return { reason }
  try {
    const { binding, backend } = install(tf, found.directory)
    await tf.setBackend('tensorflow')
    registerFastGradients(tf)
    registerResizeGradients(tf)
    const native = createSurface(binding, backend, found.directory)
    return { native, version: binding.TF_Version, arch: found.manifest.arch }
  } catch (cause) {
    return { reason: `${found.directory} does not load: ${messageOf(cause).split('\n')[0]}` }
  }
}

function install(tf: TensorFlow, directory: string): { binding: NativeBinding; backend: NativeBackend } {
  prepareTensorFlow(directory)
  const require = createRequire(join(directory, 'native.cjs'))
  return require('./native.cjs')(tf, join(directory, 'tfjs_binding.node'))
}

function createSurface(binding: NativeBinding, backend: NativeBackend, directory: string): NativeSurface {
  const handleOf = (tensor: TensorInfo): number => backend.getInputTensorIds([tensor])[0] as number
  const dtypes = {
    float32: binding.TF_FLOAT,
    int32: binding.TF_INT32,
    int64: binding.TF_INT64,
    bool: binding.TF_BOOL,
    complex64: binding.TF_COMPLEX64,
    string: binding.TF_STRING,
    resource: binding.TF_RESOURCE,
    uint8: binding.TF_UINT8,
  }
  const attrTypes = {
    string: binding.TF_ATTR_STRING,
    int: binding.TF_ATTR_INT,
    float: binding.TF_ATTR_FLOAT,
    bool: binding.TF_ATTR_BOOL,
    type: binding.TF_ATTR_TYPE,
    shape: binding.TF_ATTR_SHAPE,
    resource: binding.TF_ATTR_RESOURCE,
  }
  return {
    binding,
    backend,
    directory,
    dtypes,
    attrTypes,
    handleOf,
    sessions: requireSessions(directory),
    executeSingleOutput: (name, attrs, inputs) => backend.executeSingleOutput(name, attrs, inputs),
    executeMultipleOutputs: (name, attrs, inputs, outputs) =>
      backend.executeMultipleOutputs(name, attrs, inputs, outputs),
    executeOp: (name, attrs, ids, outputs) => binding.executeOp(name, attrs, ids, outputs),
    createTensor: (shape, dtype, values) => binding.createTensor(shape, dtype, values),
    tensorDataSync: (id) => binding.tensorDataSync(id),
    deleteTensor: (id) => binding.deleteTensor(id),
    adopt: (metadata) => backend.createOutputTensor(metadata),
    loadSavedModel: (path, tag = 'serve') => binding.loadSavedModel(path, tag),
    runSavedModel: (model, inputs, feeds, fetches) =>
      binding.runSavedModel(
        model,
        inputs.map((input) => (typeof input === 'number' ? input : handleOf(input))),
        feeds.join(','),
        fetches.join(','),
      ),
    deleteSavedModel: (model) => binding.deleteSavedModel(model),
    decodeJpeg: (bytes, { channels }) => decodeJpeg(binding, bytes, channels),
    counters: () => ({ tensors: binding.getNumOfTensors(), savedModels: binding.getNumOfSavedModels() }),
  }
}
