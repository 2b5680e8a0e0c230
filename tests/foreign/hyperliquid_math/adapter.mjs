// The npm package hyperliquid-math behind Solvent's adapter protocol: what it says of accounts as they stand.
// `node adapter.mjs standard` answers for accounts in the standard mode, `node adapter.mjs unified` for unified ones.
// The package computes the figures; this adapter adds up the account values that it asks of its callers.

import { createInterface } from 'node:readline'
import { Decimal } from 'decimal.js'
import { calculatePerpLiquidationPrice } from 'hyperliquid-math/liquidation'
import { calculateUnifiedAccountRatio, evaluatePerpAccountMargin } from 'hyperliquid-math/margin'

const Exact = Decimal.clone({ precision: 200 })
const UNIFIED = process.argv[2] === 'unified'
const STANDARD_FIELDS = ['status', 'requirement', 'initial', 'positions.liquidation_price']
const FIELDS = [...STANDARD_FIELDS, ...(UNIFIED ? ['ratio', 'available', 'withdrawable'] : [])]
const CAPABILITIES = {
  regimes: [UNIFIED ? 'unified' : 'cross', 'isolated'],
  operations: [],
  fields: FIELDS.map((field) => `accounts.${field}`),
  commands: [],
  genesis: 'any',
  digits: 12,
}

const number = (text) => new Exact(text ?? 0)
const sum = (numbers) => numbers.reduce((total, one) => total.plus(one), new Exact(0))
const value = ({ size, mark }) => number(size).mul(mark)

/** What a position is to the package. */
function entered(position, withLeverage) {
  const { market, size, mark, entry, leverage, raw, place, tiers } = position
  const isolatedMarginValue = raw === undefined ? undefined : value(position).plus(raw).toFixed()
  return {
    asset: { network: 'mainnet', marketKind: 'perp', dex: place.dex, index: place.index },
    signedSize: size,
    markPrice: mark,
    marginMode:
      isolatedMarginValue === undefined
        ? { kind: 'cross' }
        : { kind: 'isolated', isolatedMarginValue, marginRemoval: 'allowed' },
    marginTiers: tiers.map((tier) => ({ lowerBound: tier.from, maxLeverage: tier.max_leverage })),
    ...(withLeverage ? { leverage } : { entryPrice: entry }),
  }
}

/** Positions that share an account value: those of a dex, or of all dexes with one collateral where balances are shared. */
function group(genesis, account, dexes, token) {
  const names = Object.keys(genesis.markets)
  const positions = Object.entries(account.positions ?? {})
    .map(([market, position]) => ({ ...genesis.markets[market], ...position, market }))
    .filter(({ dex = '' }) => dexes.includes(dex))
    .map((row) => ({ ...row, place: { dex: row.dex || null, index: names.indexOf(row.market) } }))
  const cash = dexes.map((dex) => number(account.perp?.[dex || 'main']))
  const cross = positions.filter(({ raw }) => raw === undefined)
  const shared = sum([...cash, ...cross.map(value), ...(UNIFIED ? [number(account.spot?.[token])] : [])])
  return { token, positions, crossAccountValue: shared.toFixed() }
}

function groups(genesis, account) {
  const { quote, dex_tokens: tokens } = genesis.venue
  const held = Object.keys(account.positions ?? {}).map((market) => genesis.markets[market].dex ?? '')
  const cash = Object.keys(account.perp ?? {}).map((dex) => (dex === 'main' ? '' : dex))
  const dexes = [...new Set([...held, ...cash])].sort()
  if (!UNIFIED) return dexes.map((dex) => group(genesis, account, [dex], tokens[dex] ?? quote))
  const collaterals = [...new Set(dexes.map((dex) => tokens[dex] ?? quote))]
  return collaterals.map((token) =>
    group(genesis, account, dexes.filter((dex) => (tokens[dex] ?? quote) === token), token),
  )
}

function answered({ value: answer }) {
  if (answer.status === 'ok') return answer.data
  if (answer.status === 'invalid-input') throw new Error(JSON.stringify(answer.issues))
  return undefined
}

/** What the package says of a group. */
function assessed({ token, positions, crossAccountValue }) {
  const margin = answered(
    evaluatePerpAccountMargin({ crossAccountValue, positions: positions.map((row) => entered(row, true)) }),
  )
  const all = positions.map((row) => entered(row, false))
  const prices = all.map(({ asset }) =>
    answered(calculatePerpLiquidationPrice({ targetAsset: asset, crossAccountValue, positions: all })),
  )
  return { token, positions, crossAccountValue, margin, prices }
}

/** The unified ratio, and the ratios of isolated positions, each of which is margined by itself. */
function ratio(genesis, parts) {
  const index = (token) => genesis.venue.tokens[token].index
  const alone = parts.flatMap(({ margin }) => margin.positions.filter(({ marginMode }) => marginMode.kind === 'isolated'))
  const used = ({ margin }) => sum(margin.positions.map(({ marginValue }) => number(marginValue)))
  const shared = calculateUnifiedAccountRatio({
    dexes: parts.map((part, dexIndex) => ({
      dexIndex,
      collateralToken: index(part.token),
      crossMaintenanceMarginUsed: part.margin.cross.maintenanceMargin,
      isolatedMarginUsed: used(part).toFixed(),
    })),
    spotBalances: parts.map((part) => ({
      token: index(part.token),
      total: used(part).plus(part.crossAccountValue).toFixed(),
    })),
  })
  if (shared.value.status === 'invalid-input') return undefined
  if (shared.value.status !== 'ok' || alone.some((row) => number(row.marginValue).lte(0))) return 'no equity'
  const ratios = alone.map((row) => number(row.maintenanceMargin).div(row.marginValue))
  return Exact.max(shared.value.data.accountRatio, ...ratios).toFixed()
}

function status(parts) {
  const values = parts.flatMap(({ margin, crossAccountValue }) => [
    crossAccountValue,
    ...margin.positions.flatMap(({ marginValue }) => marginValue ?? []),
  ])
  const below = parts.some(({ margin, prices }) => {
    const free = [margin.cross, ...margin.positions].flatMap((row) => row.maintenanceMarginAvailable ?? [])
    return free.some((amount) => number(amount).lt(0)) || prices.some((price) => price?.currentlyAtOrBelowMaintenance)
  })
  if (values.some((amount) => number(amount).lt(0))) return 'bankrupt'
  return below ? 'liquidatable' : 'healthy'
}

/** What is above the transfer requirements of the dexes that share a balance. */
function removable({ positions, crossAccountValue }) {
  const dexes = [...new Set(positions.map(({ place }) => place.dex))]
  const required = dexes.map((dex) => {
    const own = positions.filter(({ place }) => place.dex === dex).map((row) => entered(row, true))
    return number(answered(evaluatePerpAccountMargin({ crossAccountValue, positions: own })).cross.transferMarginRequirement)
  })
  return Exact.max(0, number(crossAccountValue).minus(sum(required))).toFixed()
}

function tokens(genesis, account, parts) {
  const used = new Map(parts.map((part) => [part.token, part]))
  const names = [...new Set([genesis.venue.quote, ...Object.keys(account.spot ?? {})])]
  const each = (of, without) =>
    Object.fromEntries(
      names.map((token) => [token, used.has(token) ? of(used.get(token)) : (account.spot?.[token] ?? without)]),
    )
  return {
    available: each(({ margin }) => margin.cross.maintenanceMarginAvailable, 'none'),
    withdrawable: each(removable, '0'),
  }
}

function figures(genesis, account) {
  const parts = groups(genesis, account).map(assessed)
  const total = (figure) => sum(parts.map(({ margin }) => number(margin.totals[figure]))).toFixed()
  const priced = parts.flatMap(({ positions, prices }) =>
    positions.map(({ market }, i) => [market, { liquidation_price: prices[i]?.liquidationPrice ?? 'none' }]),
  )
  return {
    status: status(parts),
    requirement: total('totalMaintenanceMargin'),
    initial: total('totalInitialMargin'),
    positions: Object.fromEntries(priced),
    ...(UNIFIED ? { ratio: ratio(genesis, parts), ...tokens(genesis, account, parts) } : {}),
  }
}

function answer({ cmd, genesis, steps = [] }) {
  if (cmd === 'hello') {
    const engine = { name: 'hyperliquid-math', version: '0.3.1', language: 'javascript' }
    return { protocol: 1, engine, capabilities: CAPABILITIES, errors: {} }
  }
  if (cmd === 'bye') return { ok: true }
  if (cmd !== 'run' || steps.length) return { unsupported: 'accounts as they stand, and nothing else' }
  const mode = UNIFIED ? 'unified' : 'cross'
  const users = Object.entries(genesis.accounts).filter(
    ([name, account]) => name !== 'book' && !/^(vault|backstop)(:|$)/.test(name) && account.mode === mode,
  )
  const accounts = Object.fromEntries(users.map(([name, account]) => [name, figures(genesis, account)]))
  return { state: { accounts }, outcomes: [] }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  let reply
  try {
    reply = answer(asked)
  } catch (error) {
    reply = { error: { kind: 'crash', message: String(error.stack) } }
  }
  process.stdout.write(`${JSON.stringify({ seq: asked.seq, ...reply })}\n`)
  if (asked.cmd === 'bye') break
}
process.stdin.destroy()
