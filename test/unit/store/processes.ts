/** Real processes for crash and race tests: bundles a child once, so that each start takes no longer than Node itself. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
  readonly errors: string
}

/** Bundles `entry` (a URL) into `directory`; gives what runs it with one JSON argument. */
export const bundleChild = async (entry: URL, directory: string): Promise<(input: unknown) => Promise<Ended>> => {
  const outfile = join(directory, 'child.mjs')
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@aws-sdk/*'],
    logLevel: 'error',
  })
  return (input) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [outfile, JSON.stringify(input)], { stdio: ['ignore', 'pipe', 'pipe'] })
      const text = { output: '', errors: '' }
      child.stdout.on('data', (chunk) => {
        text.output += chunk
      })
      child.stderr.on('data', (chunk) => {
        text.errors += chunk
      })
      child.on('error', reject)
      child.on('close', (code, signal) => resolve({ code, signal, ...text }))
    })
}
