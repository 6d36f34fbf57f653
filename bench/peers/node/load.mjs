// The load generator, in a process of its own: autocannon, every answer's status and time kept.
// @ts-check
import { readFileSync } from 'node:fs'
import autocannon from 'autocannon'
import { versionsOf } from './model.mjs'
import { serve } from './protocol.mjs'

await serve(versionsOf(['autocannon']), {
  async load({ url, type, file, connections, seconds, amount }) {
    /** @type {number[]} */
    const milliseconds = []
    let bad = 0
    const length = amount === undefined ? { duration: seconds } : { amount }
    const result = await new Promise((resolve, reject) => {
      const run = autocannon(
        {
          url,
          method: 'POST',
          body: readFileSync(file),
          headers: { 'content-type': type },
          connections,
          ...length,
        },
        (/** @type {unknown} */ error, /** @type {unknown} */ done) => (error ? reject(error) : resolve(done)),
      )
      // Its own histogram has whole milliseconds only.
      run.on(
        'response',
        (
          /** @type {unknown} */ _,
          /** @type {number} */ status,
          /** @type {unknown} */ __,
          /** @type {number} */ time,
        ) => {
          milliseconds.push(time)
          if (status !== 200) bad++
        },
      )
    })
    const { errors, timeouts, duration } = result
    return { milliseconds, requests: milliseconds.length, seconds: duration, failures: bad + errors + timeouts }
  },
})
