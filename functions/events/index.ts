/** What follows a training job: gate, register, move the alias. */
export * from './gate.ts'
export * from './register.ts'
