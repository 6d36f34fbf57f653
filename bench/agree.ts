/** Before anything is timed, all contenders must give the same answer. */
import { difference } from './stats.ts'

/** max|a-b| / max|b|, as everywhere in the project. */
const tolerance = 1e-5

/** An Error names the pair that differs, for a bench of different work means nothing. */
export function mustAgree(title: string, answers: ReadonlyMap<string, readonly number[]>): void {
  const [reference, ...others] = answers
  if (reference === undefined) return
  const [trusted, expected] = reference
  for (const [name, answer] of others) {
    const apart = difference(answer, expected)
    if (!(apart <= tolerance)) {
      throw new Error(
        `${title}: ${name} and ${trusted} answer differently (${apart} apart, at most ${tolerance} allowed): ${answer.slice(0, 10)} against ${expected.slice(0, 10)}`,
      )
    }
  }
}
