/** Any prediction input into the model's tensors, by the preprocessing that training stored. */
import { type NamedTensors, type Preprocess, sizeOf } from '@maas/core/contract'
import type { ImageKernels } from '@maas/core/data'
import { InvalidInputError, MaasError } from '@maas/core/errors'
import type { PredictInput, ServedModel } from './types.ts'

export const prepare = async (
  input: PredictInput,
  model: Pick<ServedModel, 'name' | 'signature' | 'preprocess'>,
  kernels: ImageKernels,
): Promise<NamedTensors> => {
  if (input.kind === 'plain') throw new Error('a plain body is read before it is prepared')
  if (input.kind === 'tensors') {
    if (model.preprocess.kind !== 'text') return input.tensors
    return (await readers()).encodeTexts(input.tensors, model.preprocess)
  }
  const { decodeImage, encodeRows, pixelsToFloat } = await readers()
  const { preprocess, signature, name } = model
  const [{ name: inputName } = { name: '' }] = signature.inputs
  if (input.kind === 'images') {
    if (preprocess.kind !== 'image') throw wrongKind(name, 'images', preprocess.kind)
    const row = [preprocess.height, preprocess.width, preprocess.channels]
    const pixels = new Uint8Array(input.images.length * sizeOf(row))
    for (const [index, image] of input.images.entries()) {
      const decoded = await naming(index, input.images.length, () => decodeImage(image, preprocess, kernels))
      pixels.set(decoded, index * sizeOf(row))
    }
    const data = pixelsToFloat(pixels, preprocess)
    return { [inputName]: { dtype: 'float32', shape: [input.images.length, ...row], data } }
  }
  if (preprocess.kind !== 'tabular') throw wrongKind(name, 'table rows', preprocess.kind)
  const data = encodeRows(input.rows, preprocess)
  return { [inputName]: { dtype: 'float32', shape: [input.rows.length, data.length / input.rows.length], data } }
}

let loading: Promise<typeof import('@maas/core/data')> | undefined

/** What reads images and tables takes 50 ms to load, and tensors do not need it. Asked for once: each `import` looks its module up anew. */
export const readers = () => {
  loading ??= import('@maas/core/data')
  return loading
}

/** In a batch, which image is at fault is the first thing to know. */
const naming = async <T>(index: number, count: number, task: () => Promise<T>): Promise<T> => {
  try {
    return await task()
  } catch (error) {
    if (count === 1 || !(error instanceof MaasError)) throw error
    throw new MaasError(error.code, `Image ${index}: ${error.message}`, { cause: error, param: `instances[${index}]` })
  }
}

const wrongKind = (name: string, got: string, kind: Preprocess['kind']): InvalidInputError => {
  const takes = { image: 'images or tensors', tabular: 'table rows or tensors', text: 'texts', tensor: 'tensors' }[kind]
  return new InvalidInputError(
    `"${name}" got ${got}; it takes ${takes}${kind === 'tensor' ? ': it was registered without preprocessing' : ''}.`,
  )
}
