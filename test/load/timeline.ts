/** What an alias meant when: which versions may answer a request that was under way then. */

/** How long a service may answer by what an alias meant before, milliseconds: it asks the registry once a second. */
export const freshnessMs = 1000

/** Times are of one monotonic clock, milliseconds. */
export interface Timeline {
  /** Somebody asks for the move now; the result is told when it was answered. Until then both may be meant. */
  begin(version: number, now: number): (now: number) => void
  /** Whether the alias meant that version at some time from `freshnessMs` before the request until its answer. */
  mayAnswer(version: number, asked: number, answered: number): boolean
}

export const createTimeline = (first: number): Timeline => {
  /** In order. In force from `from` at the earliest until the next one's `by` at the latest. */
  const moves = [{ version: first, from: Number.NEGATIVE_INFINITY, by: Number.NEGATIVE_INFINITY }]
  return {
    begin: (version, now) => {
      const move = { version, from: now, by: Number.POSITIVE_INFINITY }
      moves.push(move)
      return (at) => {
        move.by = at
      }
    },
    mayAnswer: (version, asked, answered) =>
      moves.some(
        (move, at) =>
          move.version === version &&
          move.from <= answered &&
          asked - freshnessMs <= (moves[at + 1]?.by ?? Number.POSITIVE_INFINITY),
      ),
  }
}
