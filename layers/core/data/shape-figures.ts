/** The ten figures as tests of a point, in a plane where the figure fills about -1..1. */

export const shapeNames = [
  'checker',
  'circle',
  'crescent',
  'cross',
  'heart',
  'ring',
  'square',
  'star',
  'stripes',
  'triangle',
] as const
export type ShapeName = (typeof shapeNames)[number]

type Inside = (x: number, y: number) => boolean

/** @param next random numbers for what varies within a figure, such as the width of a ring */
export function insideOf(name: ShapeName, next: () => number): Inside {
  return figures[name](next())
}

const inSquare: Inside = (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.8

const figures: Readonly<Record<ShapeName, (vary: number) => Inside>> = {
  checker: (vary) => {
    const cells = vary < 0.5 ? 1.5 : 2
    return (x, y) => inSquare(x, y) && (Math.floor((x + 0.8) * cells) + Math.floor((y + 0.8) * cells)) % 2 === 0
  },
  circle: () => (x, y) => Math.hypot(x, y) < 0.85,
  crescent: (vary) => (x, y) => Math.hypot(x, y) < 0.9 && Math.hypot(x - 0.35 - vary * 0.15, y) > 0.7,
  cross: (vary) => {
    const arm = 0.2 + vary * 0.12
    return (x, y) => (Math.abs(x) < arm && Math.abs(y) < 0.9) || (Math.abs(y) < arm && Math.abs(x) < 0.9)
  },
  heart: () => (x, y) => {
    const [a, b] = [x * 1.25, 0.15 - y * 1.25]
    const round = a * a + b * b - 1
    return round ** 3 - a * a * b ** 3 < 0
  },
  ring: (vary) => (x, y) => {
    const radius = Math.hypot(x, y)
    return radius < 0.9 && radius > 0.4 + vary * 0.2
  },
  square: () => inSquare,
  star: (vary) => {
    const inner = 0.38 + vary * 0.1
    return (x, y) => {
      const fifth = (2 * Math.PI) / 5
      const angle = ((Math.atan2(x, -y) % fifth) + fifth) % fifth
      const turn = Math.min(angle, fifth - angle)
      const radius = Math.hypot(x, y)
      // The edge from the tip (angle 0, radius 0.95) to the notch (half a fifth, radius inner * 0.95).
      const [tip, notchX, notchY] = [0.95, inner * 0.95 * Math.sin(fifth / 2), inner * 0.95 * Math.cos(fifth / 2)]
      const [px, py] = [radius * Math.sin(turn), radius * Math.cos(turn)]
      return (notchX - 0) * (py - tip) - (notchY - tip) * (px - 0) < 0
    }
  },
  stripes: (vary) => {
    const bands = 1.4 + vary * 0.8
    return (x, y) => inSquare(x, y) && Math.floor((x + 0.8) * bands * 1.5) % 2 === 0
  },
  triangle: () => (x, y) => y < 0.6 && y > -0.9 + Math.abs(x) * 1.7,
}
