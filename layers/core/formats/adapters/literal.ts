/** Text that must survive a topology: tfjs-layers changes the case of every text in it, except under the key `name`. */

export interface Literal {
  readonly name: string
}

export const literal = (name: string): Literal => ({ name })

export const textOf = ({ name }: Literal): string => name
