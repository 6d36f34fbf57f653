/** The gate between a candidate and an alias: a threshold on one metric, written like `test_accuracy>=0.6`. */
import { InvalidInputError } from '@maas/core/errors'

export interface GateResult {
  readonly passed: boolean
  /** A sentence with the value that was measured. */
  readonly message: string
}

/** Passes when there is no gate; a metric that was not measured does not pass, so that nothing is promoted unseen. InvalidInputError when the gate cannot be read. */
export const checkGate = (gate: string | undefined, metrics: Readonly<Record<string, number>>): GateResult => {
  if (gate === undefined) return { passed: true, message: 'no gate was set' }
  const match = /^([a-z_0-9]+)(>=|<=)(-?\d+(?:\.\d+)?)$/.exec(gate)
  if (!match) {
    throw new InvalidInputError(`maas_gate: got "${gate}"; write a metric, >= or <=, and a number: test_accuracy>=0.6`, {
      param: 'maas_gate',
    })
  }
  const [, name = '', comparison, threshold] = match
  const value = metrics[name]
  if (value === undefined) {
    const known = Object.keys(metrics).sort().join(', ')
    return { passed: false, message: `the gate asks for ${gate}, but "${name}" was not measured; there are ${known}` }
  }
  const passed = comparison === '>=' ? value >= Number(threshold) : value <= Number(threshold)
  return { passed, message: `${name} is ${value}, the gate asks for ${gate.slice(name.length)}` }
}
