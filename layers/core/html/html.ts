/** HTML text that is escaped unless it was made here: names of classes and files come from strangers. */

/** Markup that is safe to place as it is. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Piece = Markup | string | number | readonly Piece[] | undefined | false

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const render = (piece: Piece): string => {
  if (piece instanceof Markup) return piece.text
  if (typeof piece === 'string') return piece.replace(/[&<>"']/g, (character) => entities[character] ?? character)
  if (typeof piece === 'number') return String(piece)
  return piece ? piece.map(render).join('') : ''
}

/** Template tag: everything put in is escaped, but for markup that this tag made. Attribute values must stand in quotes. */
export const html = (parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup =>
  new Markup(parts.reduce((text, part, index) => text + render(pieces[index - 1]) + part))
