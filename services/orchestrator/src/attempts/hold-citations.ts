/**
 * What of a growing text may be shown before the citations in it were looked at: all before its first marker, or nothing. The rest comes with the
 * result, from which a marker, or its sentence, may have to be taken. What a marker is, and where code is, follows `without-unsupported.ts`.
 */
export function holdCitations(
  holds: 'nothing' | 'markers' | 'everything',
  show: (text: string, offset: number) => void,
): (text: string, offset: number) => void {
  if (holds === 'nothing') return show
  if (holds === 'everything') return () => undefined
  const watch = new MarkerWatch()
  let offset = 0
  return (delta) => {
    const text = watch.push(delta)
    if (text === '') return
    show(text, offset)
    offset += text.length
  }
}

/** Looks through a text letter by letter. */
class MarkerWatch {
  #place: Place = 'text'
  #held = ''
  #said = ''

  /** Answers, of the text's next piece and what was held before, what is certain to stand before its first marker; nothing once there was one. */
  push(delta: string): string {
    this.#said = ''
    for (const letter of delta) this.#take(letter)
    return this.#said
  }

  #take(letter: string): void {
    switch (this.#place) {
      case 'text':
        return this.#takeText(letter)
      case 'tick':
        this.#place = letter === '`' ? 'ticks' : 'span'
        return letter === '`' ? this.#say(letter) : this.#takeSpan(letter)
      case 'ticks':
        // Two were a span with nothing in it, and three begin a block.
        this.#place = letter === '`' ? 'block' : 'text'
        return letter === '`' ? this.#say(letter) : this.#takeText(letter)
      case 'span':
        return this.#takeSpan(letter)
      case 'block':
      case 'block, tick':
      case 'block, ticks':
        this.#place = letter === '`' ? afterTick[this.#place] : 'block'
        return this.#say(letter)
      case 'over':
    }
  }

  #takeText(letter: string): void {
    const held = this.#held
    if (isMarker.test(held)) {
      if (letter !== '(' && namesCitation(held)) this.#place = 'over'
      else this.#sayHeld(letter)
    } else if (held.length > markerCharsMax) this.#place = 'over'
    else if (mayBecomeMarker.test(held + letter)) this.#held += letter
    else if (held !== '') this.#sayHeld(letter)
    else {
      if (letter === '`') this.#place = 'tick'
      this.#say(letter)
    }
  }

  /** Only the end of a line tells that it was no span, and that what is held is text like any other. */
  #takeSpan(letter: string): void {
    if (letter === '\n') {
      const text = this.#held
      this.#held = ''
      this.#place = 'text'
      for (const each of text + letter) this.#take(each)
    } else if (letter === '`') {
      this.#place = 'text'
      this.#release(letter)
    } else if (letter === '[' || this.#held.includes('[')) this.#held += letter
    else if (letter === ' ' || letter === '\t') {
      this.#release('')
      this.#held = letter
    } else this.#release(letter)
  }

  /** What is held begins no marker; one may begin behind its first letter. */
  #sayHeld(next: string): void {
    const [first = '', ...others] = this.#held
    this.#held = ''
    this.#say(first)
    for (const letter of [...others, next]) this.#take(letter)
  }

  #release(next: string): void {
    this.#say(this.#held + next)
    this.#held = ''
  }

  #say(text: string): void {
    this.#said += text
  }
}

/** Where in a text its next letter stands. A span of code is not known as such before it ends. */
type Place = 'text' | 'tick' | 'ticks' | 'span' | 'block' | 'block, tick' | 'block, ticks' | 'over'

const afterTick = { block: 'block, tick', 'block, tick': 'block, ticks', 'block, ticks': 'text' } as const

/** What goes on for longer than any list of citations is not looked through further, and comes with the result. */
const markerCharsMax = 200

/** With the space before it, which goes with it. */
const isMarker = /^[ \t]?\[\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*\]$/
const mayBecomeMarker = /^[ \t]?(?:\[\s*(?:\d{1,3}\s*[,;]\s*)*(?:\d{1,3}\s*\]?)?)?$/

/** Citations are numbered from 1. */
function namesCitation(marker: string): boolean {
  return /[1-9]/.test(marker)
}
