/** Images that say where each of their pixels was, and what mirroring and moving makes of them. */

export const side = 16
export const rowShape = [side, side, 3]

/** Every pixel says its row and its column. */
export const positions = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
  const pixel = Math.floor(i / 3)
  return [Math.floor(pixel / side), pixel % side, 9][i % 3] as number
})

export interface Move {
  readonly mirrored: boolean
  /** Pixels. */
  readonly down: number
  readonly right: number
}

const inside = (position: number): number => Math.max(0, Math.min(position, side - 1))

/** By the definition: moved first, edge pixels repeated, then mirrored. */
export const moveImage = ({ mirrored, down, right }: Move): number[] =>
  Array.from({ length: side * side * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3)
    const column = pixel % side
    const x = inside(column - right)
    return [inside(Math.floor(pixel / side) - down), mirrored ? side - 1 - x : x, 9][i % 3] as number
  })

/** The only move that makes this image; undefined where none does. An eighth of the side is 2 pixels. */
export const moveOf = (image: readonly number[]): Move | undefined => moves.get(image.join())

const pixels = [-2, -1, 0, 1, 2]
const moves = new Map(
  [false, true].flatMap((mirrored) =>
    pixels.flatMap((down) =>
      pixels.map((right): [string, Move] => {
        const move = { mirrored, down, right }
        return [moveImage(move).join(), move]
      }),
    ),
  ),
)
