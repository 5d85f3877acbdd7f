// @segment/analytics-node as it comes from npm: says what it reads from its input, a line of JSON for each call.
'use strict'
const { Analytics } = require('@segment/analytics-node')
const readline = require('node:readline')

const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host, flushAt: 20, flushInterval: 200, maxRetries: 1000 })
const errors = []
analytics.on('error', (error) => errors.push(String(error.reason || error.code || error)))

function say(event) {
  const common = { timestamp: new Date(event.at), context: { n: event.n } }
  const who = event.user ? { userId: event.user } : { anonymousId: event.device }
  switch (event.call) {
    case 'identify': return analytics.identify({ ...who, ...common, traits: event.said })
    case 'page': return analytics.page({ ...who, ...common, name: 'Tea' })
    case 'alias': return analytics.alias({ userId: event.user, previousId: event.device, ...common })
    case 'track': return analytics.track({ ...who, ...common, event: event.event, properties: event.said })
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) say(JSON.parse(line))
  await analytics.closeAndFlush({ timeout: 300000 })
  console.log(JSON.stringify(errors))
  process.exit(0)
}
main()
