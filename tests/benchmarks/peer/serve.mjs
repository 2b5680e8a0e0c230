// Answers one JSON object a line: assesses the account of a request as often as it says, and gives the last figures.

import { createInterface } from 'node:readline'
import { calculatePerpLiquidationPrice } from 'hyperliquid-math/liquidation'
import { evaluatePerpAccountMargin } from 'hyperliquid-math/margin'
import { calculatePerpUnrealizedPnl } from 'hyperliquid-math/positions'

const NO_ROOT = 'no-positive-tier-consistent-liquidation-root'

function requests({ crossAccountValue, positions }) {
  const shared = positions.map(({ index, signedSize, markPrice, marginTiers }) => ({
    asset: { network: 'mainnet', marketKind: 'perp', dex: null, index },
    signedSize,
    markPrice,
    marginMode: { kind: 'cross' },
    marginTiers,
  }))
  const entered = shared.map((row, i) => ({ ...row, entryPrice: positions[i].entryPrice }))
  return {
    margin: {
      crossAccountValue,
      positions: shared.map((row, i) => ({ ...row, leverage: positions[i].leverage })),
    },
    liquidation: entered.map(({ asset }) => ({
      targetAsset: asset,
      crossAccountValue,
      positions: entered,
    })),
    profit: entered.map(({ signedSize, entryPrice, markPrice }) => ({
      position: { kind: 'open', signedSize, entryPrice },
      markPrice,
    })),
  }
}

function data({ value }) {
  if (value.status !== 'ok') throw new Error(JSON.stringify(value))
  return value.data
}

function liquidationPrice(result) {
  return result.value.reason?.code === NO_ROOT ? null : data(result).liquidationPrice
}

function assess({ margin, liquidation, profit }) {
  const { cross, positions } = data(evaluatePerpAccountMargin(margin))
  const prices = liquidation.map((request) => liquidationPrice(calculatePerpLiquidationPrice(request)))
  const profits = profit.map((request) => data(calculatePerpUnrealizedPnl(request)).unrealizedPnl)
  return {
    initial: cross.initialMargin,
    maintenance: cross.maintenanceMargin,
    available: cross.maintenanceMarginAvailable,
    transfer: cross.transferMarginRequirement,
    withdrawable: cross.maxRemovableMargin,
    positions: positions.map((row, i) => ({
      notional: row.positionValue,
      initial: row.initialMargin,
      maintenance: row.maintenanceMargin,
      profit: profits[i],
      liquidation: prices[i],
    })),
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { account, times } = JSON.parse(line)
  const prepared = requests(account)
  let figures
  for (let i = 0; i < times; i += 1) figures = assess(prepared)
  console.log(JSON.stringify(figures))
}
