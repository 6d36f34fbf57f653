#!/usr/bin/env node
/**
 * Starts the command line, so that `npx maas` works right after `npm ci`, with nothing built: straight from its TypeScript
 * source. Only `serve`, which runs for long, is bundled first, once: it then needs neither the translator's memory nor its time.
 */
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundleOf } from '@maas/local/bundle'

const args = process.argv.slice(2)

/** As a shell counts SIGPIPE: whoever read our output, e.g. `| head`, has had enough. */
const pipeClosed = 141
process.stdout.on('error', (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPIPE') throw error
  process.exit(pipeClosed)
})

/** npm starts us by a shell, which a SIGTERM ends without reaching us: when the shell is gone, we end as if we had been asked. */
if (process.env.npm_command !== undefined) {
  const { ppid } = process
  const watch = setInterval(() => {
    if (process.ppid === ppid) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 500).unref()
}

const source = new URL('../src/cli/main.ts', import.meta.url)

const fromSource = async () => {
  const { register } = await import('tsx/esm/api')
  register()
  return source.href
}

const bundled = async () => {
  try {
    return pathToFileURL(await bundleOf(fileURLToPath(source))).href
  } catch (error) {
    const [reason] = String(error?.message ?? error).split('\n')
    process.stderr.write(`The service runs from source, with more memory than it needs: ${reason}\n`)
    return fromSource()
  }
}

const { main } = await import(await (args[0] === 'serve' ? bundled() : fromSource()))
process.exitCode = await main(args)
