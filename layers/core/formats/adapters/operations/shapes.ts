/** Operations that move numbers about without changing them: reshaping, slicing, joining, parting. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../../kernels/index.ts'
import { along, listed, type Operations, only, t } from './define.ts'

/** One part of `x[…]`: a position, a new axis, a range, or the axes between. */
type Item = number | null | { readonly class_name: '__slice__' | '__ellipsis__'; readonly config: Range }
interface Range {
  readonly start?: number | null
  readonly stop?: number | null
  readonly step?: number | null
}

const isItem = (item: unknown): item is Item => {
  if (item === null || Number.isInteger(item)) return true
  const { class_name: kind, config } = item as { class_name?: unknown; config?: Range }
  if (kind === '__ellipsis__') return true
  const whole = [config?.start, config?.stop, config?.step].every((one) => one == null || Number.isInteger(one))
  return kind === '__slice__' && whole && (config?.step ?? 1) > 0
}

const itemsOf = (key: unknown): Item[] => (Array.isArray(key) ? key : [key]) as Item[]

const isEllipsis = (item: Item): boolean =>
  typeof item === 'object' && item !== null && item.class_name === '__ellipsis__'

/** `x[key]` by Python's rules: what lies beyond an end is left out. */
const sliced = (tf: TensorFlow, x: Tensor, key: unknown): Tensor => {
  const items = itemsOf(key)
  const named = items.filter((item) => item !== null && !isEllipsis(item)).length
  const rest = Array.from({ length: x.rank - named }, (): Item => ({ class_name: '__slice__', config: {} }))
  const at = items.findIndex(isEllipsis)
  const all = at < 0 ? [...items, ...rest] : [...items.slice(0, at), ...rest, ...items.slice(at + 1)]
  const [begin, size, steps]: [number[], number[], number[]] = [[], [], []]
  /** Of the answer: what has to be squeezed away, or put in. */
  const axes: ('keep' | 'drop' | 'new')[] = []
  for (const item of all) {
    if (item === null) {
      axes.push('new')
      continue
    }
    const own = x.shape[begin.length] ?? 0
    const clamped = (value: number): number => Math.min(own, Math.max(0, value < 0 ? value + own : value))
    if (typeof item === 'number') {
      begin.push(item < 0 ? item + own : item)
      size.push(1)
      steps.push(1)
      axes.push('drop')
      continue
    }
    const { start, stop, step } = item.config
    const whole = (start ?? 0) === 0 && stop == null
    begin.push(whole ? 0 : clamped(start ?? 0))
    // The size of an axis that is taken whole may be another one in the next batch.
    size.push(whole ? -1 : Math.max(0, clamped(stop ?? own) - clamped(start ?? 0)))
    steps.push(step ?? 1)
    axes.push('keep')
  }
  const part = x.slice(begin, size)
  const stepped = steps.every((step) => step === 1)
    ? part
    : tf.stridedSlice(part, Array(x.rank).fill(0), part.shape, steps, 0, 2 ** x.rank - 1)
  const dropped = axes.filter((axis) => axis !== 'new').flatMap((axis, i) => (axis === 'drop' ? [i] : []))
  // With no axis at all, tfjs would drop every axis of size one.
  const kept = dropped.length > 0 ? stepped.squeeze(dropped) : stepped
  const after = axes.filter((axis) => axis !== 'drop')
  return after.reduce<Tensor>((result, axis, i) => (axis === 'new' ? result.expandDims(i) : result), kept)
}

/** Of every matrix; tfjs' own takes a batch apart, and a compiled graph is of any batch. */
const triangle = (tf: TensorFlow, x: Tensor, [lower, upper]: readonly [number, number]): Tensor => {
  const band = tf.linalg.bandPart(tf.ones(x.shape.slice(-2)), lower, upper)
  return tf.where(band.toBool().broadcastTo(x.shape), x, tf.zerosLike(x))
}

/** The axes in order, but these two lists exchanged. */
const moved = (x: Tensor, source: unknown, destination: unknown): Tensor => {
  const from = [source].flat().map((axis) => ((axis as number) + x.rank) % x.rank)
  const to = [destination].flat().map((axis) => ((axis as number) + x.rank) % x.rank)
  const others = x.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis))
  const order = x.shape.map((_, place) => {
    const at = to.indexOf(place)
    return at < 0 ? (others.shift() ?? 0) : (from[at] ?? 0)
  })
  return x.transpose(order)
}

export const shapes: Operations = {
  getitem: {
    takes: 2,
    options: [],
    refuses: (_, [, key]) => (itemsOf(key).every(isItem) ? undefined : `the key ${JSON.stringify(key)?.slice(0, 80)}`),
    compute: (tf, [x, key]) => sliced(tf, t(tf, x), key),
  },
  reshape: {
    takes: 2,
    options: ['newshape'],
    compute: (tf, [x, shape], { newshape }) =>
      t(tf, x).reshape(((newshape ?? shape) as (number | null)[]).map((size) => size ?? -1)),
  },
  transpose: {
    takes: 1,
    options: ['axes'],
    compute: (tf, [x], { axes }) => t(tf, x).transpose((axes ?? undefined) as number[] | undefined),
  },
  swapaxes: {
    takes: 1,
    options: ['axis1', 'axis2'],
    compute: (tf, [x], { axis1, axis2 }) => moved(t(tf, x), [axis1, axis2], [axis2, axis1]),
  },
  moveaxis: {
    takes: 1,
    options: ['source', 'destination'],
    compute: (tf, [x], { source, destination }) => moved(t(tf, x), source, destination),
  },
  expanddims: {
    takes: 1,
    options: ['axis'],
    compute: (tf, [x], { axis }) => {
      const input = t(tf, x)
      const axes = [axis ?? -1].flat() as number[]
      const rank = input.rank + axes.length
      const places = axes.map((one) => (one < 0 ? one + rank : one)).sort((a, b) => a - b)
      return places.reduce<Tensor>((result, place) => result.expandDims(place), input)
    },
  },
  squeeze: {
    takes: 1,
    options: ['axis'],
    compute: (tf, [x], { axis }) =>
      t(tf, x).squeeze(axis === null || axis === undefined ? undefined : ([axis].flat() as number[])),
  },
  concatenate: listed((list, axis, tf) => tf.concat(list, axis)),
  stack: listed((list, axis, tf) => tf.stack(list, axis < 0 ? axis + (list[0]?.rank ?? 0) + 1 : axis)),
  hstack: listed((list, _, tf) => tf.concat(list, list[0]?.rank === 1 ? 0 : 1)),
  split: along(
    (x, axis, tf, { indices_or_sections: parts }) => {
      if (typeof parts === 'number') return tf.split(x, parts, axis)
      const ends = [...(parts as number[]), x.shape[axis] ?? 0]
      return tf.split(
        x,
        ends.map((end, i) => end - (ends[i - 1] ?? 0)),
        axis,
      )
    },
    ['indices_or_sections'],
  ),
  unstack: along((x, axis, tf) => tf.unstack(x, axis), ['num']),
  tile: {
    takes: 1,
    options: ['repeats'],
    refuses: ({ repeats }) => (Array.isArray(repeats) ? undefined : `repeats=${JSON.stringify(repeats)}`),
    compute: (tf, [x], { repeats }) => {
      const input = t(tf, x)
      const times = repeats as number[]
      const missing = Array<number>(Math.max(0, input.rank - times.length)).fill(1)
      return input.tile([...missing, ...times])
    },
  },
  repeat: {
    ...along(
      (x, axis, tf, { repeats }) => {
        const wide = x.expandDims(axis + 1)
        const times = wide.shape.map((_, at) => (at === axis + 1 ? (repeats as number) : 1))
        const shape = x.shape.map((size, at) => (at === axis ? size * (repeats as number) : at === 0 ? -1 : size))
        return tf.tile(wide, times).reshape(shape)
      },
      ['repeats'],
    ),
    refuses: ({ axis, repeats }) =>
      typeof axis === 'number' && typeof repeats === 'number' && axis !== 0
        ? undefined
        : `repeats=${JSON.stringify(repeats)} along axis=${JSON.stringify(axis ?? null)}`,
  },
  pad: {
    takes: 1,
    options: ['pad_width', 'mode', 'constant_values'],
    refuses: ({ mode, pad_width: width }) => {
      const pairs = Array.isArray(width) && width.every((pair) => Array.isArray(pair) && pair.length === 2)
      return mode === 'constant' && pairs ? undefined : `mode=${mode}, pad_width=${JSON.stringify(width)}`
    },
    compute: (tf, [x], { pad_width: width, constant_values: value }) =>
      tf.pad(t(tf, x), width as [number, number][], (value ?? 0) as number),
  },
  flip: along((x, axis) => x.reverse(axis)),
  roll: {
    ...along(
      (x, axis, tf, { shift }) => {
        const size = x.shape[axis] ?? 1
        const by = (((shift as number) % size) + size) % size
        return by === 0 ? x.clone() : tf.concat([...tf.split(x, [size - by, by], axis)].reverse(), axis)
      },
      ['shift'],
    ),
  },
  broadcastto: {
    takes: 1,
    options: ['shape'],
    compute: (tf, [x], { shape }) => t(tf, x).broadcastTo(shape as number[]),
  },
  tril: {
    takes: 1,
    options: ['k'],
    refuses: only({ k: [0] }),
    compute: (tf, [x]) => triangle(tf, t(tf, x), [-1, 0]),
  },
  triu: {
    takes: 1,
    options: ['k'],
    refuses: only({ k: [0] }),
    compute: (tf, [x]) => triangle(tf, t(tf, x), [0, -1]),
  },
}
