/** What follows a training job: gate, register, move the alias. */
export * from './candidate.ts'
export * from './finish.ts'
export * from './register.ts'
