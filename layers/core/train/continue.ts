/** Training that goes on where another program stopped: the optimiser's state of a Keras file in the slots of an engine. */
import { InvalidInputError } from '../errors.ts'
import type { OptimizerState } from '../graph/types.ts'

/** The same names and shapes as `fresh`, an engine's state before its first step. InvalidInputError when `stored` is of another model or optimiser. */
export const continuedState = (fresh: OptimizerState, stored: OptimizerState): OptimizerState => {
  const kinds = [...new Set(fresh.slots.map(({ name }) => kindOf(name)))]
  const count = fresh.slots.length / Math.max(1, kinds.length)
  const named = stored.slots.every(({ name }) => kinds.includes(kindOf(name)))
  const slots = fresh.slots.map((slot, at) => {
    const [kind, weight] = [kindOf(slot.name), Math.floor(at / kinds.length)]
    const own = named
      ? stored.slots.filter(({ name }) => kindOf(name) === kind)[weight]
      : stored.slots[kinds.includes('velocity') && kinds[0] === 'momentum' ? at : kinds.indexOf(kind) * count + weight]
    if (own && String(own.shape) === String(slot.shape)) return { ...slot, data: own.data }
    throw new InvalidInputError(
      `the file's optimiser state does not fit: ${slot.name} has shape [${slot.shape}], the file has ${own ? `[${own.shape}]` : 'none'}; start with fresh slots by giving --optimizer`,
      { param: 'from' },
    )
  })
  if (slots.length === stored.slots.length) return { step: stored.step, slots }
  throw new InvalidInputError(
    `the file's optimiser has ${stored.slots.length} slots, this one ${slots.length}; start with fresh slots by giving --optimizer`,
    { param: 'from' },
  )
}

/** `…/momentum`, `adam/dense_kernel_momentum`, `Adam/m/dense/kernel:0`. Adam's come in pairs, those of others kind by kind. */
const kindOf = (name: string): string => {
  const short = /\/([mv])\//.exec(name)?.[1]
  if (short !== undefined) return short === 'm' ? 'momentum' : 'velocity'
  return /(momentum|velocity)(?=[^a-z]*$)/.exec(name)?.[1] ?? /(momentum|velocity)/.exec(name)?.[1] ?? ''
}
