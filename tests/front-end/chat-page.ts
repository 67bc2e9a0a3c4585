import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'puppeteer-core'
import { z } from 'zod'

/** The page of Open WebUI on which one chats, as a person uses it. */
export interface ChatPage {
  /** The ids in its list of models. */
  models(): Promise<string[]>
  /** A new chat with this model. */
  choose(model: string): Promise<void>
  ask(question: string): Promise<void>
  /** Waits until the page shows this text. */
  sees(text: string): Promise<void>
  stop(): Promise<void>
  /** A picture of the page as it is: its file. */
  picture(): Promise<string>
}

const patienceMs = 180_000
const Models = z.object({ data: z.array(z.object({ id: z.string() })) })

export async function openChatPage(browser: Browser, url: string): Promise<ChatPage> {
  const page = await browser.newPage()
  page.setDefaultTimeout(patienceMs)
  await page.setViewport({ width: 1_280, height: 900 })
  const open = async (path: string) => {
    await page.goto(`${url}${path}`)
    await page.waitForSelector('#chat-input')
    // News of the release cover the page at the first visit.
    const news = await page.$('xpath/.//button[contains(., "Okay, Let")]')
    await news?.click()
  }
  await open('/')
  return {
    async models() {
      const answer = await page.evaluate(async () => {
        const headers = { authorization: `Bearer ${localStorage.getItem('token')}` }
        return (await fetch('/api/models', { headers })).text()
      })
      return Models.parse(JSON.parse(answer)).data.map(({ id }) => id)
    },
    choose: (model) => open(`/?models=${encodeURIComponent(model)}`),
    async ask(question) {
      await page.click('#chat-input')
      await page.keyboard.type(question)
      await page.keyboard.press('Enter')
    },
    async sees(text) {
      await page.waitForFunction(`document.body.innerText.includes(${JSON.stringify(text)})`)
    },
    async stop() {
      await page.click('button[aria-label="Stop"]')
    },
    async picture() {
      const path = join(tmpdir(), 'weft-open-webui.png')
      await page.screenshot({ path })
      return path
    },
  }
}
