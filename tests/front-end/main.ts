import { strictEqual } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { startOpenAiServer } from '@weft/models/testing'
import puppeteer from 'puppeteer-core'
import { z } from 'zod'
import { freePort, startTestMesh } from '../mesh/running-mesh.ts'
import { startOpenWebUi } from './open-webui.ts'
import { type ChatPage, openChatPage } from './chat-page.ts'

/**
 * `npm run front-end`: what a user of Open WebUI sees of a mesh that is its only provider. Arguments: the Python that has Open WebUI, and a Chromium. Ends
 * with 1, and a picture of the page, when something is not as it should be.
 */
const [python = '', chromium = ''] = process.argv.slice(2)
const model = 'openai/test-model'
const Calls = z.object({ data: z.array(z.object({ outcome: z.string() })) })
const upstream = await startOpenAiServer({ port: await freePort() })
const mesh = await startTestMesh({ OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: 'test-key' })
try {
  const webUi = await startOpenWebUi(python, { baseUrl: `${mesh.url}/v1`, apiKey: mesh.apiKey })
  try {
    await look(webUi.url)
  } finally {
    await webUi.stop()
  }
} catch (failure) {
  console.error(failure)
  process.exitCode = 1
} finally {
  await mesh.stop()
  await upstream.stop()
}

async function look(url: string): Promise<void> {
  const browser = await puppeteer.launch({ executablePath: chromium, args: ['--no-sandbox'] })
  const page = await openChatPage(browser, url)
  try {
    await tryOut(page)
  } catch (failure) {
    console.error(`the page as it was: ${await page.picture()}`)
    throw failure
  } finally {
    await browser.close()
  }
}

async function tryOut(page: ChatPage): Promise<void> {
  const listed = await page.models()
  for (const id of [model, 'weft/auto', 'weft/direct', 'offline/extractive'])
    strictEqual(listed.includes(id), true, `${id} is listed`)
  say(`its list of models has the mesh's ${listed.length}`)

  await page.choose(model)
  await page.ask('Hello?')
  await page.sees('Hello there.')
  strictEqual(upstream.requests.at(-1)?.body.stream, true)
  say('a chat with a model is answered, streamed')

  upstream.script({ kind: 'text', chunks: Array.from({ length: 600 }, (_, n) => `word${n} `), delayMs: 100 })
  await page.ask('Tell me much.')
  await page.sees('word3')
  await page.stop()
  await upstream.sawAborts(1)
  strictEqual(await outcomeOfLastCall(), 'cancelled')
  say('its stop button ends the call at the provider, and the ledger has it as cancelled')

  await page.choose('weft/direct')
  await page.ask('What is a loom?')
  await page.sees('I am the offline extractive model')
  say('a chat with a workflow is answered')
  strictEqual(upstream.refusals.length, 0, upstream.refusals.join('; '))
}

/** Of the mesh's ledger, which has a call half a second after its end. */
async function outcomeOfLastCall(): Promise<string | undefined> {
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 500) {
    await sleep(500)
    const headers = { authorization: `Bearer ${mesh.apiKey}` }
    const answer = await fetch(`${mesh.url}/v1/usage/calls?limit=1&outcome=cancelled`, { headers })
    const [last] = Calls.parse(await answer.json()).data
    if (last !== undefined) return last.outcome
  }
  return undefined
}

function say(what: string): void {
  console.log(`✓ ${what}`)
}
