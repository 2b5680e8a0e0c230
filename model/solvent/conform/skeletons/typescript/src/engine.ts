// A small engine: spot balances with deposits and withdrawals. Yours takes its place.

const PLACES = 18
type Amounts = Record<string, string>

export interface Genesis {
  venue: { quote: string }
  spots: Record<string, unknown>
  accounts: Record<string, { spot?: Amounts }>
}

/** A request that the engine turns down, under the engine's own name for the reason. */
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code)
  }
}

export class Engine {
  private readonly tokens: Set<string>
  private readonly balances = new Map<string, Map<string, bigint>>()

  constructor(genesis: Genesis) {
    this.tokens = new Set([genesis.venue.quote, ...Object.keys(genesis.spots)])
    for (const [name, { spot = {} }] of Object.entries(genesis.accounts)) {
      this.balances.set(name, new Map(Object.entries(spot).map(([token, amount]) => [token, units(amount)])))
    }
  }

  deposit(account: string, token: string, amount: string): void {
    const [own, value] = [this.own(account), units(amount)]
    if (!this.tokens.has(token) || value <= 0n) throw new Refusal('bad_request')
    own.set(token, (own.get(token) ?? 0n) + value)
  }

  withdraw(account: string, token: string, amount: string): void {
    const [own, value] = [this.own(account), units(amount)]
    const balance = own.get(token) ?? 0n
    if (value <= 0n) throw new Refusal('bad_request')
    if (value > balance) throw new Refusal('insufficient_balance')
    own.set(token, balance - value)
  }

  accounts(): Record<string, { spot: Amounts }> {
    const shown = (own: Map<string, bigint>) =>
      Object.fromEntries([...own].map(([token, amount]) => [token, text(amount)]))
    return Object.fromEntries([...this.balances].map(([name, own]) => [name, { spot: shown(own) }]))
  }

  /** The balances of a user; the venue's own accounts take no orders. */
  private own(account: string): Map<string, bigint> {
    const own = this.balances.get(account)
    if (!own || ['vault', 'backstop'].includes(account.split(':')[0]!)) throw new Refusal('bad_request')
    return own
  }
}

/** A decimal string, or a quotient such as 5/3, as a count of 10^-18; never through a float. */
export function units(text: string): bigint {
  const [numerator, denominator] = text.split('/')
  if (denominator) return units(numerator!) / BigInt(denominator)
  const [whole, part = ''] = text.split('.')
  return BigInt(whole + part.slice(0, PLACES).padEnd(PLACES, '0'))
}

export function text(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(PLACES + 1, '0')
  const part = digits.slice(-PLACES).replace(/0+$/, '')
  return (amount < 0n ? '-' : '') + digits.slice(0, -PLACES) + (part && `.${part}`)
}
