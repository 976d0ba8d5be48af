// autocannon's driver: `node request.cjs FOLDER LOAD`, with autocannon installed in FOLDER and the load as JSON; prints its result as one
// line of JSON. It keeps every response time itself, because autocannon's own histogram counts whole milliseconds.
'use strict'

const { createRequire } = require('node:module')
const { join } = require('node:path')

const autocannon = createRequire(join(process.argv[2], 'package.json'))('autocannon')
const load = JSON.parse(process.argv[3])

const mark = `${Date.now()}-${Math.floor(Math.random() * 1e6)}-`
let count = 0
const makeUnique = (request) => ({ ...request, path: load.path.replace('{unique}', mark + ++count) })

const request = { method: load.method, path: load.path, headers: load.headers, body: load.body || undefined }
if (load.path.includes('{unique}')) request.setupRequest = makeUnique

const durationsMs = []
const instance = autocannon(
  {
    url: `http://127.0.0.1:${load.port}`,
    connections: load.connections,
    duration: load.duration_s,
    requests: [request]
  },
  (error, result) => {
    if (error) throw error
    durationsMs.sort((left, right) => left - right)
    const percentile = (share) => durationsMs[Math.floor(durationsMs.length * share)] ?? 0
    console.log('RESULT ' + JSON.stringify({
      requests: durationsMs.length,
      duration_s: result.duration,
      p50_ms: percentile(0.5),
      p99_ms: percentile(0.99),
      refused: result.non2xx,
      broken: result.errors + result.timeouts
    }))
  }
)
instance.on('response', (client, statusCode, resBytes, responseTimeMs) => durationsMs.push(responseTimeMs))
