/** Loads a graph from memory: TensorFlow reads graphs from a folder only, so there is one for as long as loading takes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SessionSurface } from './session.ts'

/** The handle of the loaded graph, which the caller deletes. */
export function loadGraph(native: SessionSurface, file: Uint8Array): number {
  const directory = mkdtempSync(join(tmpdir(), 'maas-graph-'))
  try {
    writeFileSync(join(directory, 'saved_model.pb'), file)
    return native.loadSavedModel(directory, 'serve')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
