import { type Handler, Parser, type ParserOptions } from 'htmlparser2'

/** As deep as Chromium nests elements: Blink, html_construction_site.cc, `kMaximumHTMLParserDOMTreeDepth`. */
const depthMax = 512

/**
 * A parser that nests elements only so deep: what is opened inside of that is closed again at once, and its content stands beside it. The parser takes longer for
 * each tag the more elements are open, and a hostile page, or one whose tags nobody closed, opens them by the hundred thousand. One element named in `whole` is
 * nested there all the same, because what it holds has to be known as its own.
 */
export class FlatHtmlParser extends Parser {
  readonly #open: { depth: number }
  readonly #whole: ReadonlySet<string>
  /** Whether the tag that is being opened is closed at once; undefined before that is decided. */
  #isFlat: boolean | undefined
  #isClosing = false

  constructor(handler: Partial<Handler>, { whole, ...options }: ParserOptions & { whole: ReadonlySet<string> }) {
    const open = { depth: 0 }
    super(
      {
        ...handler,
        onopentag(...tag) {
          open.depth += 1
          handler.onopentag?.(...tag)
        },
        onclosetag(...tag) {
          open.depth -= 1
          handler.onclosetag?.(...tag)
        },
      },
      options,
    )
    this.#open = open
    this.#whole = whole
  }

  override onopentagname(start: number, endIndex: number): void {
    this.#isFlat = undefined
    super.onopentagname(start, endIndex)
  }

  override onclosetag(start: number, endIndex: number): void {
    this.#isClosing = true
    super.onclosetag(start, endIndex)
    this.#isClosing = false
  }

  protected override isVoidElement(name: string): boolean {
    if (this.#isClosing) return super.isVoidElement(name)
    const { depth } = this.#open
    this.#isFlat ??= depth > depthMax || (depth === depthMax && !this.#whole.has(name))
    return this.#isFlat || super.isVoidElement(name)
  }
}
