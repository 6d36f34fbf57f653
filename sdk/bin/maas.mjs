#!/usr/bin/env node
/** Starts the command line straight from its TypeScript source, so that `npx maas` works right after `npm ci`, with nothing built. */
import { register } from 'tsx/esm/api'

register()
const { main } = await import('../src/cli/main.ts')
process.exitCode = await main(process.argv.slice(2))
