// Solvent's adapter protocol around an engine: one JSON object a line in, one reply a line out.

import { createInterface } from 'node:readline'
import { Engine, Refusal, type Genesis } from './engine.js'

interface Step { op: string; account: string; token: string; amount: string }
interface Message {
  cmd: string
  seq: number
  protocol: number[]
  genesis: Genesis
  steps?: Step[]
  observe?: { after?: string }
}
type Reply = Record<string, unknown>

const CAPABILITIES = {
  regimes: ['cross'],
  operations: ['deposit', 'withdraw'],
  fields: ['accounts.spot'],
  commands: [],
  genesis: 'empty',
  codes: true,
  digits: 18,
}
const ERRORS = { bad_request: 'invalid', insufficient_balance: 'PERP-WITHDRAWABLE' }

function hello(message: Message): Reply {
  if (!message.protocol.includes(1)) {
    return { error: { kind: 'malformed', message: 'this adapter speaks protocol 1' } }
  }
  const engine = { name: 'my-engine', version: '0.1.0', language: 'typescript' }
  return { protocol: 1, engine, capabilities: CAPABILITIES, errors: ERRORS }
}

function run(message: Message): Reply {
  const engine = new Engine(message.genesis) // a new one for every run: nothing is kept
  const after = message.observe?.after ?? 'each'
  const seen = (when: string) => (after === when ? { state: { accounts: engine.accounts() } } : {})
  const begun = seen('each')
  const outcomes: Reply[] = []
  for (const step of message.steps ?? []) {
    if (!CAPABILITIES.operations.includes(step.op)) return { unsupported: `the operation ${step.op}` }
    outcomes.push({ ...perform(engine, step), ...seen('each') })
  }
  return { ...begun, outcomes, ...seen('last') }
}

function perform(engine: Engine, { op, account, token, amount }: Step): Reply {
  try {
    if (op === 'deposit') engine.deposit(account, token, amount)
    else engine.withdraw(account, token, amount)
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, code: error.code }
    throw error
  }
  return { ok: true }
}

function answer(message: Message): Reply {
  if (message.cmd === 'hello') return hello(message)
  if (message.cmd === 'run') return run(message)
  if (message.cmd === 'bye') return { ok: true }
  return { unsupported: `the command ${message.cmd}` }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked: Message = JSON.parse(line)
  let reply: Reply
  try {
    reply = answer(asked)
  } catch (error) {
    console.error(error) // on standard error: standard output is for replies alone
    reply = { error: { kind: 'crash', message: String(error) } }
  }
  process.stdout.write(JSON.stringify({ seq: asked.seq, ...reply }) + '\n')
  if (asked.cmd === 'bye') break
}
process.stdin.destroy() // nothing is waited for any more
