// Shows a build to a person: one bar over all phases on a terminal, one line per phase elsewhere.
// @ts-check
import cliProgress from 'cli-progress'

/** @typedef {{ onProgress: (progress: import('./kernels.mjs').Progress) => void, stop: () => void }} Shown */

/** Share of the whole at which each phase starts and ends, from measured builds. */
const spans = /** @type {const} */ ({
  wait: [0, 0],
  download: [0, 45],
  unpack: [45, 60],
  compiler: [60, 70],
  compile: [70, 95],
  check: [95, 100],
  pack: [0, 100],
  note: [70, 70],
})

/**
 * @param {NodeJS.WriteStream} [stream]
 * @returns {Shown}
 */
export function showProgress(stream = process.stderr) {
  return stream.isTTY ? bar(stream) : lines(stream)
}

/**
 * @param {NodeJS.WriteStream} stream
 * @returns {Shown}
 */
function bar(stream) {
  const shown = new cliProgress.SingleBar({
    stream,
    format: 'Native kernels {bar} {percentage}% | {text}',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  })
  let running = false
  return {
    onProgress({ phase, fraction, text }) {
      if (!running) shown.start(100, 0, { text })
      running = true
      const [from, to] = spans[phase]
      shown.update(Math.floor(from + (to - from) * fraction), { text })
    },
    stop() {
      if (running) shown.stop()
    },
  }
}

/**
 * @param {NodeJS.WriteStream} stream
 * @returns {Shown}
 */
function lines(stream) {
  let last = ''
  return {
    onProgress({ text }) {
      if (text !== last && text !== 'done') stream.write(`Native kernels: ${text}\n`)
      last = text
    },
    stop() {},
  }
}
