/** Cents, and of less than a dollar two digits that say something: what a call costs is often far below a cent. */
export function describeUsd(usd: number): string {
  const digits = usd === 0 || usd >= 1 ? usd.toFixed(2) : Number(usd.toPrecision(2)).toFixed(9)
  return `${digits.replace(/(\.\d\d\d*?)0+$/, '$1')} USD`
}
