/** Hashes against what TensorFlow's own string_to_hash_bucket_fast and _strong (key 3, 5) answer for 2147483647 bins. */
import { describe, expect, it } from 'vitest'
import { fingerprint64, sipHash } from '../../../../layers/core/data/texts/fingerprint.ts'

const BINS = 2147483647n

/** Length of the text, FarmHash's bin, SipHash's bin; every branch by length is there. */
const answers: readonly (readonly [length: number, farm: number, sip: number])[] = [
  [0, 1699943623, 1128111113],
  [1, 640528731, 1533670843],
  [3, 817204184, 1171537054],
  [4, 1537261179, 1580195382],
  [7, 95563110, 1279637144],
  [8, 1168621929, 80443331],
  [15, 644137344, 137516159],
  [16, 730101968, 1182342122],
  [17, 170952522, 456443860],
  [31, 17194229, 1176550575],
  [32, 1066589804, 657168753],
  [33, 1721887634, 365635466],
  [63, 355841402, 2040536187],
  [64, 120729826, 491580334],
  [65, 2008164630, 116079731],
  [100, 1240799110, 179083802],
  [127, 223238520, 170735343],
  [128, 712419544, 277378218],
  [129, 394234547, 235316076],
  [200, 892453401, 137136045],
]

const text = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 97 + ((i * 7 + length) % 26))

describe('hashes of texts', () => {
  it.each(answers)('of %i letters fall into the bins that TensorFlow puts them in', (length, farm, sip) => {
    expect(Number(fingerprint64(text(length)) % BINS)).toBe(farm)
    expect(Number(sipHash(text(length), [3n, 5n]) % BINS)).toBe(sip)
    expect(Number(sipHash(text(length), [3n, 6n]) % BINS)).not.toBe(sip)
  })
})
