/** The `maas` command: parses arguments, runs one command, and turns every failure into a sentence and an exit code. */
import { Command, CommanderError } from 'commander'
import { applyProfile } from './apply-profile.ts'
import { aliasCommand } from './commands/alias.ts'
import { compareCommand } from './commands/compare.ts'
import { doctorCommand } from './commands/doctor.ts'
import { evaluateCommand } from './commands/evaluate.ts'
import { exportCommand } from './commands/export.ts'
import { jobsCommand } from './commands/jobs.ts'
import { keysCommand } from './commands/keys.ts'
import { loginCommand, logoutCommand } from './commands/login.ts'
import { modelsCommand } from './commands/models.ts'
import { predictCommand } from './commands/predict.ts'
import { pushCommand } from './commands/push.ts'
import { quickstartCommand } from './commands/quickstart.ts'
import { serveCommand } from './commands/serve.ts'
import { trainCommand } from './commands/train.ts'
import { transformCommand } from './commands/transform.ts'
import { uploadCommand } from './commands/upload.ts'
import { verifyCommand } from './commands/verify.ts'
import { createOutput, type Output } from './output.ts'
import { UsageError } from './usage.ts'

/** 0 fine, 2 usage, 1 anything else. */
const exitCodeOf = (error: unknown): number => (error instanceof UsageError ? 2 : 1)

const createProgram = (output: Output): Command => {
  const program = new Command('maas')
    .description('A model is a service: train it, register it, serve it, call it.')
    .version('0.1.0')
    .showHelpAfterError('(maas --help lists the commands, maas COMMAND --help shows examples)')
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas quickstart                                     a whole round on generated images
  $ npx maas train --data images.zip --name birds           train on your own class folders
  $ npx maas serve                                          answer at http://127.0.0.1:8501
  $ npx maas predict birds@production photo.jpg             labels and probabilities`,
    )
  const commands = [
    quickstartCommand,
    trainCommand,
    evaluateCommand,
    compareCommand,
    pushCommand,
    exportCommand,
    verifyCommand,
    uploadCommand,
    jobsCommand,
    modelsCommand,
    aliasCommand,
    keysCommand,
    predictCommand,
    transformCommand,
    serveCommand,
    doctorCommand,
    loginCommand,
    logoutCommand,
  ]
  for (const create of commands) program.addCommand(create(output).exitOverride())
  program.hook('preAction', (_, command) => applyProfile(command, output))
  return program.exitOverride()
}

/** Runs one command line and returns its exit code; prints, never throws. */
export const main = async (args: readonly string[]): Promise<number> => {
  const output = createOutput({ json: args.includes('--json') })
  try {
    await createProgram(output).parseAsync(args, { from: 'user' })
    return output.exitCode()
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    output.failure(error)
    return exitCodeOf(error)
  }
}
