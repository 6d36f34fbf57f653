/** Seeded random numbers and shuffles: the same seed gives the same order on every machine and in every release. */

/** Mulberry32: uniform numbers in 0..1 from a 32-bit seed. Small, well tested, and never to be changed: splits depend on it. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** One seed from several numbers, such as a run's seed and its epoch, so that neighbours give unrelated streams. */
export function mixSeed(...numbers: readonly number[]): number {
  let hash = 0x811c9dc5
  for (const number of numbers) {
    hash = Math.imul(hash ^ (number >>> 0), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return hash >>> 0
}

/** Fisher-Yates, in place. */
export function shuffle<T extends { readonly length: number; [index: number]: number }>(list: T, seed: number): T {
  const next = randomNumbers(seed)
  for (let last = list.length - 1; last > 0; last--) {
    const pick = Math.floor(next() * (last + 1))
    const kept = list[last] as number
    list[last] = list[pick] as number
    list[pick] = kept
  }
  return list
}

/** The numbers 0..n-1 in the order in which `epoch` (from 0) of a run with this seed visits the examples. */
export function shuffledIndices(n: number, seed: number, epoch: number): Uint32Array {
  return shuffle(
    Uint32Array.from({ length: n }, (_, index) => index),
    mixSeed(seed, epoch),
  )
}
