#!/usr/bin/env node
// The command `npm run bench`: makes TypeScript loadable, then hands over to main.ts.
import { register } from 'tsx/esm/api'

register()
await import('./main.ts')
