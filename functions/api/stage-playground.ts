/** The program that writes the built playground into the folder it is given. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundlePlayground, playgroundFolder } from './build-playground.ts'

const [, , folder] = process.argv
if (folder === undefined) throw new Error('Usage: stage-playground.ts FOLDER')
mkdirSync(folder, { recursive: true })
for (const name of ['index.html', 'style.css', 'icon.svg']) cpSync(join(playgroundFolder, name), join(folder, name))
writeFileSync(join(folder, 'app.js'), await bundlePlayground())
