/** Runs a program to its end. */
import { spawn } from 'node:child_process'
import { Unavailable } from './types.ts'

const keptCharacters = 4096

/** Its standard output. @throws Unavailable with what it said on standard error when it fails or is not there */
export function run(program: string, args: readonly string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) })
    let printed = ''
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-keptCharacters)
    })
    child.on('error', (error) => reject(new Unavailable(`${program} could not be started: ${error.message}`)))
    child.on('close', (code) => {
      if (code === 0) resolve(printed)
      else reject(new Unavailable(lastWords(said) || `${program} ended with code ${code}`))
    })
  })
}

/** Of what a program said before it failed, the line that says what was wrong; empty when it said nothing. */
export const lastWords = (said: string): string => {
  const lines = said.trim().split('\n')
  return (lines.findLast((line) => /^\s*\w*(Error|Exception)\b/.test(line)) ?? lines.at(-1) ?? '').trim()
}
