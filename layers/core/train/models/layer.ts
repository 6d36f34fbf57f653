/** Keras layer descriptions, short to write: a preset reads as the list of its layers. */
export type Layer = { readonly class_name: string; readonly config: Readonly<Record<string, unknown>> }

const kernel = (l2: number) => ({
  kernel_initializer: { class_name: 'GlorotUniform', config: {} },
  bias_initializer: { class_name: 'Zeros', config: {} },
  kernel_regularizer: l2 > 0 ? { class_name: 'L1L2', config: { l1: 0, l2 } } : null,
})

export interface KernelOptions {
  readonly activation?: string
  /** Penalty on the kernel's squares. @default 0 */
  readonly l2?: number
  readonly padding?: 'valid' | 'same'
  /** @default true */
  readonly bias?: boolean
}

/** 3x3 convolution. */
export const conv = (
  filters: number,
  { activation = 'linear', bias = true, l2 = 0, padding = 'valid' }: KernelOptions,
): Layer => ({
  class_name: 'Conv2D',
  config: { filters, kernel_size: [3, 3], strides: [1, 1], padding, activation, use_bias: bias, ...kernel(l2) },
})

export const dense = (units: number, { activation = 'linear', bias = true, l2 = 0 }: KernelOptions = {}): Layer => ({
  class_name: 'Dense',
  config: { units, activation, use_bias: bias, ...kernel(l2) },
})

/** 2x2 maximum, halving both sides. */
export const pool = (): Layer => ({
  class_name: 'MaxPooling2D',
  config: { pool_size: [2, 2], strides: [2, 2], padding: 'valid' },
})

export const batchNorm = (): Layer => ({
  class_name: 'BatchNormalization',
  config: { axis: -1, momentum: 0.9, epsilon: 0.001, center: true, scale: true },
})

export const activation = (name: string): Layer => ({ class_name: 'Activation', config: { activation: name } })

export const flatten = (): Layer => ({ class_name: 'Flatten', config: {} })

/** No layer at all when the rate is 0. */
export const dropout = (rate: number): Layer[] => (rate > 0 ? [{ class_name: 'Dropout', config: { rate } }] : [])

/** A Sequential topology; layers get the names Keras would give them. */
export const sequential = (name: string, inputShape: readonly number[], layers: readonly Layer[]) => {
  const counts = new Map<string, number>()
  const named = layers.map(({ class_name, config }) => {
    const base = class_name.replace(/(?<=.)(?=[A-Z][a-z]+)|(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()
    const count = counts.get(base) ?? 0
    counts.set(base, count + 1)
    return {
      class_name,
      config: { name: count === 0 ? base : `${base}_${count}`, trainable: true, dtype: 'float32', ...config },
    }
  })
  const [first, ...rest] = named
  const withInput = first && { ...first, config: { ...first.config, batch_input_shape: [null, ...inputShape] } }
  return { class_name: 'Sequential', config: { name, layers: withInput ? [withInput, ...rest] : [] } }
}
