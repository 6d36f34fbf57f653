import { appendFileSync } from 'node:fs'
export const mark = (s: string): void =>
  appendFileSync('/tmp/tl.txt', `${(performance.timeOrigin + performance.now()).toFixed(0)} ${process.pid} ${s}\n`)
