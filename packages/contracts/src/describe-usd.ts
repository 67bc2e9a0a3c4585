/** An amount such as `1.50 USD`. Below a dollar it has two significant digits, such as `0.00042 USD`, because a call often costs far less than a cent. */
export function describeUsd(usd: number): string {
  const digits = usd === 0 || usd >= 1 ? usd.toFixed(2) : Number(usd.toPrecision(2)).toFixed(9)
  return `${digits.replace(/(\.\d\d\d*?)0+$/, '$1')} USD`
}
