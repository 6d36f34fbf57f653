/** What a model says of its own inputs: one that scales pixels itself takes images as they are decoded. */
import type { ImagePreprocess, Signature } from '../contract/index.ts'
import { imagePreprocessSchema } from '../contract/index.ts'
import type { ModelArtifact } from './types.ts'

interface Layer {
  readonly class_name: string
  readonly name?: string
  readonly config: Readonly<Record<string, unknown>>
  readonly inbound_nodes?: readonly unknown[]
}

const front = new Set(['InputLayer', 'Rescaling', 'Normalization', 'KerasResizing', 'KerasIdentity'])
const scaling = new Set(['Rescaling', 'Normalization'])

/**
 * The spec for images of a model that begins with Rescaling or Normalization, with Resizing among them where sizes are open: pixels
 * go in as 0 to 255. Undefined for any other model: nothing is guessed.
 */
export const inferPreprocess = ({ topology }: ModelArtifact, { inputs }: Signature): ImagePreprocess | undefined => {
  const [input, ...others] = inputs
  const channels = input?.shape.at(-1)
  if (!input || others.length > 0 || input.shape.length !== 4 || input.dtype !== 'float32') return undefined
  if (channels !== 1 && channels !== 3) return undefined
  const layers = frontOf(topology)
  if (!layers.some(({ class_name: className }) => scaling.has(className))) return undefined
  const resizing = layers.find(({ class_name: className }) => className === 'KerasResizing')?.config
  const [, tall = -1, wide = -1] = input.shape
  const height = tall > 0 ? tall : resizing?.height
  const width = wide > 0 ? wide : resizing?.width
  if (typeof height !== 'number' || typeof width !== 'number') return undefined
  // Keras resizes without antialiasing; where the model itself resizes, so does what stands in for it.
  const own = resizing && tall <= 0 ? { interpolation: resizing.interpolation, antialias: false } : {}
  return imagePreprocessSchema.parse({ kind: 'image', height, width, channels, scale: 1, ...own })
}

/** The layers from the input on that only prepare, each fed by the one before alone. */
const frontOf = (topology: Readonly<Record<string, unknown>>): Layer[] => {
  const { layers = [] } = topology.config as { readonly layers?: readonly Layer[] }
  const chain: Layer[] = []
  for (const layer of layers) {
    const before = chain.at(-1)
    const linear = topology.class_name === 'Sequential' || before === undefined || feedsOnly(before, layer, layers)
    if (!front.has(layer.class_name) || !linear) break
    chain.push(layer)
  }
  return chain
}

const feedsOnly = (before: Layer, layer: Layer, layers: readonly Layer[]): boolean => {
  const names = (one: Layer) => JSON.stringify(one.inbound_nodes ?? []).includes(`["${before.name}",`)
  return names(layer) && layers.filter(names).length === 1
}
