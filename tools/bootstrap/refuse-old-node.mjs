// Written in the oldest syntax that any Node with modules can read: it must run where the rest cannot.
export function refuseOldNode(version, refuse) {
  const major = Number(version.split('.')[0])
  if (major >= 20) return
  refuse(
    'weft: Node ' +
      version +
      ' is too old to start from: install Node 20 or newer (https://nodejs.org) and run the same command again',
  )
}

export function exitOnOldNode() {
  refuseOldNode(process.versions.node, (message) => {
    console.error(message)
    process.exit(1)
  })
}
