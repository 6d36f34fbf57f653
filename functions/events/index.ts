/** What follows a training job: gate, register, move the alias. */
export * from './finish.ts'
export * from './register.ts'
