// A real PDS and its directory of identities (PLC), in memory and in the folder given, for as long as our standard input is open.
//
//     node server.js FOLDER [--rate-limits]
//
// Writes one line of JSON, {"url", "admin", "secret"}: the address, the administrator's password, the key of its tokens.
'use strict'

const crypto = require('node:crypto')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')

process.env.LOG_ENABLED = 'false'

const { PDS, envToCfg, envToSecrets } = require('@atproto/pds')
const { Database, PlcServer } = require('@did-plc/server')

const folder = process.argv[2]
const rateLimitsEnabled = process.argv.includes('--rate-limits')

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function main() {
  const plc = PlcServer.create({ db: Database.mock(), port: await freePort() })
  await plc.start()
  const port = await freePort()
  const adminPassword = crypto.randomBytes(16).toString('hex')
  const jwtSecret = crypto.randomBytes(16).toString('hex')
  const env = {
    devMode: true,
    port,
    hostname: 'localhost',
    dataDirectory: folder,
    blobstoreDiskLocation: path.join(folder, 'blobs'),
    blobstoreDiskTmpLocation: path.join(folder, 'blobs-coming'),
    didPlcUrl: `http://127.0.0.1:${plc.server.address().port}`,
    adminPassword,
    jwtSecret,
    plcRotationKeyK256PrivateKeyHex: crypto.randomBytes(32).toString('hex'),
    serviceHandleDomains: ['.test'],
    inviteRequired: false,
    disableSsrfProtection: true,
    rateLimitsEnabled,
    bskyAppViewUrl: 'https://appview.invalid',
    bskyAppViewDid: 'did:example:invalid',
  }
  const pds = await PDS.create(envToCfg(env), envToSecrets(env))
  await pds.start()
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, admin: adminPassword, secret: jwtSecret }))
  process.stdin.resume()
  process.stdin.on('end', () => process.exit(0))
}

fs.mkdirSync(folder, { recursive: true })
main().catch((error) => {
  console.error(error)
  process.exit(1)
})
