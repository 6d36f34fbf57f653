/** The learning rate of each step: constant, falling along half a cosine, or cut tenfold at half and three quarters of the run. */

export type Schedule = 'constant' | 'cosine' | 'step'

const schedules = {
  constant: () => 1,
  cosine: (progress: number) => 0.5 * (1 + Math.cos(Math.PI * progress)),
  step: (progress: number) => (progress < 0.5 ? 1 : progress < 0.75 ? 0.1 : 0.01),
} satisfies Record<Schedule, (progress: number) => number>

/** Rate of step `step` (from 0) of `steps` in all. */
export const learningRateAt = (schedule: Schedule, base: number, step: number, steps: number): number =>
  base * schedules[schedule](Math.min(1, step / Math.max(1, steps)))
