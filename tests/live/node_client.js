// @segment/analytics-node as it comes from npm: sends 1,000 events, in three parts with a word from the test between them.
'use strict'
const { Analytics } = require('@segment/analytics-node')
const readline = require('node:readline')

const analytics = new Analytics({ writeKey: process.env.WRITE_KEY, host: process.env.HOST, flushAt: 20, flushInterval: 200 })
const errors = []
analytics.on('error', (error) => errors.push(String(error.reason || error.code || error)))

function send(n) {
  const who = n % 3 ? { userId: `u${n % 50}` } : { anonymousId: `a${n % 50}` }
  const timestamp = new Date(Date.now() - 3600e3 + n * 1000)
  const fields = { n, price: 1.5, '名称': '明前龙井', nested: { list: [1, 'two', null] } }
  switch (n % 5) {
    case 0: return analytics.identify({ ...who, timestamp, traits: { ...fields, email: `u${n}@example.com` } })
    case 1: return analytics.track({ ...who, timestamp, event: 'Product Viewed', properties: fields })
    case 2: return analytics[n % 10 === 7 ? 'screen' : 'page']({ ...who, timestamp, name: 'Tea', category: 'Shop', properties: fields })
    case 3: return analytics.group({ ...who, timestamp, groupId: `g${n}`, traits: fields })
    case 4: return analytics.alias({ userId: `u${n % 50}`, previousId: `a${n}`, timestamp, context: { n } })
  }
}

async function main() {
  const words = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  for (const [from, to, flush] of [[0, 400, true], [400, 700, false], [700, 1000, false]]) {
    for (let n = from; n < to; n++) send(n)
    if (flush) await analytics.flush({ timeout: 30000 })
    console.log(`sent ${to}`)
    await words.next()
  }
  await analytics.closeAndFlush({ timeout: 40000 })
  console.log(JSON.stringify(errors))
  process.exit(0)
}
main()
