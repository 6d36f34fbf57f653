/** What follows a training job: gate, register, move the alias. */
export * from './register.ts'
