/* Liebian for WeChat mini-programmes (微信小程序). CommonJS, no dependencies. Apache-2.0
 *
 * const liebian = require('./liebian.js')
 * liebian.load('WRITE_KEY', { host: 'https://liebian.example' })
 *
 * The same calls as liebian.js for web pages: load identify track page group alias reset consent, and watch().
 * No call throws into the programme. See README.md beside this file. */
'use strict'

const LIMITS = { messages: 500, bytes: 600000, batch: 100, batchBytes: 400000 } // WeChat keeps 1 MB under one key
const KEY = 'liebian:'
const HOUR = 3600000

let options = null
let writeKey = ''
let consent // undefined: not asked yet; then true or false
let queue = [] // { id, text, bytes }, oldest first; a copy is in WeChat's storage once there is consent
let anonymousId, userId
let entry = {} // how the programme was last opened: path, query, scene
let timer = null
let busy = false
let tries = 0
let size = LIMITS.batch
let sequence = 0

// ── storage ───────────────────────────────────────────────────────────────────────────────────────────────────────────
function get(name) {
  try { return wx.getStorageSync(KEY + name) || undefined } catch (error) { return undefined }
}

function put(name, value) {
  if (!consent) return
  try { wx.setStorageSync(KEY + name, value) } catch (error) { warn(error) }
}

function forget(name) {
  try { wx.removeStorageSync(KEY + name) } catch (error) { warn(error) }
}

function warn(error) { console.warn('liebian:', error) }

// ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────────────
function hex(number, length) { return number.toString(16).padStart(length, '0') }

function random(digits) {
  let text = ''
  while (text.length < digits) text += hex(Math.floor(Math.random() * 65536), 4)
  return text.slice(0, digits)
}

/** UUID version 7: in the order of the calls. */
function uuid() {
  const time = hex(Date.now(), 12)
  sequence = (sequence + 1) % 4096
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(sequence, 3)}-a${random(3)}-${random(12)}`
}

function countBytes(text) {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0)
    bytes += code < 128 ? 1 : code < 2048 ? 2 : code < 65536 ? 3 : 4
  }
  return bytes
}

/** utm_… of the query the programme was opened with, also of a mini-programme code, which carries them in `scene`. */
function campaign() {
  const query = Object.assign({}, entry.query)
  if (typeof query.scene === 'string') {
    for (const pair of decodeURIComponent(query.scene).split('&')) {
      const cut = pair.indexOf('=')
      if (cut > 0) query[pair.slice(0, cut)] = decodeURIComponent(pair.slice(cut + 1))
    }
  }
  let found
  for (const name of Object.keys(query)) {
    if (name.startsWith('utm_')) (found = found || {})[name === 'utm_campaign' ? 'name' : name.slice(4)] = query[name]
  }
  return found
}

function currentPath() {
  const pages = typeof getCurrentPages === 'function' ? getCurrentPages() : []
  return pages.length ? pages[pages.length - 1].route : entry.path
}

function language() {
  try { return (wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync()).language } catch (error) { return undefined }
}

function context() {
  return {
    library: { name: 'liebian-wechat.js', version: '1.0.0' },
    locale: language(),
    page: { path: currentPath() },
    campaign: campaign(),
    wechat: { scene: entry.scene, path: entry.path }
  }
}

function send(type, fields) {
  if (consent === false) return
  const message = Object.assign(
    { type, messageId: uuid(), timestamp: new Date().toISOString(), userId, anonymousId, context: context() }, fields
  )
  enqueue(message)
  later(200)
}

function enqueue(message) {
  const text = JSON.stringify(message)
  queue.push({ id: message.messageId, text, bytes: countBytes(text) })
  let bytes = queue.reduce((sum, item) => sum + item.bytes, 0)
  while (queue.length > LIMITS.messages || bytes > LIMITS.bytes) bytes -= queue.shift().bytes
  save()
}

function save() { put('queue', queue) }

// ── sending ───────────────────────────────────────────────────────────────────────────────────────────────────────────
function later(wait) {
  if (timer === null) timer = setTimeout(now, wait)
}

function now() {
  clearTimeout(timer)
  timer = null
  guard(flush)()
}

function take() {
  const items = []
  let bytes = 0
  for (const item of queue) {
    bytes += item.bytes + 1
    if (items.length >= size || (items.length && bytes > LIMITS.batchBytes)) break
    items.push(item)
  }
  return items
}

function flush() {
  if (!options || !consent || busy || !queue.length) return
  const wait = (get('until') || 0) - Date.now()
  if (wait > 0) return later(wait)
  const items = take()
  const head = JSON.stringify({ writeKey, sentAt: new Date().toISOString() }).slice(0, -1)
  busy = true
  wx.request({
    url: options.host + '/v1/batch',
    method: 'POST',
    header: { 'content-type': 'application/json' },
    data: `${head},"batch":[${items.map((item) => item.text).join(',')}]}`,
    success: guard((answer) => settle(items, answer.statusCode, answer.header || {})),
    fail: guard(() => settle(items, 0, {}))
  })
}

function settle(items, status, header) {
  busy = false
  if (status === 401) return // a wrong or stopped key: what waits is sent when the programme is opened again
  if (status === 0 || status === 408 || status === 429 || status >= 500) return retry(status, header)
  tries = 0
  if (status >= 300 && items.length > 1) {
    size = 1 // one message spoils the batch: look for it
  } else {
    if (status >= 300) warn('refused: ' + items[0].text)
    else size = LIMITS.batch
    const done = new Set(items.map((item) => item.id))
    queue = queue.filter((item) => !done.has(item.id))
    save()
  }
  flush()
}

function retry(status, header) {
  const name = Object.keys(header).find((key) => key.toLowerCase() === 'retry-after')
  const asked = name ? Number(header[name]) * 1000 || Date.parse(header[name]) - Date.now() : 0
  const wait = Math.min(asked > 0 ? asked : 500 * 2 ** tries++ * (1 + Math.random()), HOUR)
  if (status) put('until', Date.now() + wait)
  later(wait)
}

// ── consent ───────────────────────────────────────────────────────────────────────────────────────────────────────────
function begin() {
  consent = true
  anonymousId = get('id') || anonymousId || uuid()
  put('id', anonymousId)
  become(userId || get('user'))
  const known = new Set(queue.map((item) => item.id))
  const early = queue
  queue = (get('queue') || []).filter((item) => !known.has(item.id))
  for (const item of early) enqueue(Object.assign({ anonymousId }, JSON.parse(item.text)))
  save()
  later(0)
}

function become(id) {
  if (id) put('user', userId = String(id))
}

/** With `consent: "wechat"` the answer is WeChat's own: nothing is stored or sent before the privacy guide is agreed to. */
function askWeChat() {
  if (!options || options.consent !== 'wechat' || consent !== undefined) return
  if (!wx.getPrivacySetting) return begin()
  wx.getPrivacySetting({ success: guard((answer) => { if (!answer.needAuthorization) liebian.consent(true) }) })
}

// ── watching ──────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Runs `before` with the arguments of the programme's own hook, which then runs as if nobody had looked. */
function hook(target, name, before) {
  const own = target[name]
  target[name] = function () {
    guard(before).apply(this, arguments)
    return own ? own.apply(this, arguments) : undefined
  }
}

function opened(how) {
  if (how) entry = how
  askWeChat()
}

// ── calls ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
function guard(work) {
  return function () {
    try { return work.apply(this, arguments) } catch (error) { warn(error) }
  }
}

/** identify(traits) and page(properties) leave out their first argument. */
function optionalFirst(work) {
  return (first, more) => (first && typeof first === 'object' ? work(undefined, first) : work(first, more))
}

const calls = {
  load(key, more) {
    if (options) return
    if (!more || !more.host) throw new Error('load needs the host: liebian.load(writeKey, { host: "https://…" })')
    writeKey = key
    options = Object.assign({}, more, { host: more.host.replace(/\/+$/, '') })
    entry = (wx.getEnterOptionsSync || wx.getLaunchOptionsSync || (() => ({}))).call(wx) || {}
    if (wx.onNetworkStatusChange) wx.onNetworkStatusChange((network) => { if (network.isConnected) now() })
    if (wx.onAppShow) wx.onAppShow(guard(opened))
    if (wx.onAppHide) wx.onAppHide(now)
    if (options.consent === 'wechat') askWeChat()
    else if (options.consent !== 'required' || get('consent')) begin()
  },
  identify: optionalFirst((id, traits) => { become(id); send('identify', { traits }) }),
  track(event, properties) { send('track', { event, properties }) },
  page: optionalFirst((name, properties) => send('page', { name: name || currentPath(), properties })),
  group(groupId, traits) { send('group', { groupId, traits }) },
  alias(id, previousId) {
    send('alias', { userId: String(id), previousId: previousId || userId || anonymousId })
    become(id)
  },
  reset() {
    userId = undefined
    forget('user')
    if (consent) put('id', anonymousId = uuid())
  },
  consent(given) {
    if (given) {
      begin()
      put('consent', true)
      return
    }
    consent = false
    queue = []
    userId = anonymousId = undefined
    ;['id', 'user', 'queue', 'until', 'consent'].forEach(forget)
  },
  /** Before App(…): page views and the opening and leaving of the programme are then recorded by themselves. */
  watch() {
    const ownApp = App
    const ownPage = Page
    App = function (app) { // eslint-disable-line no-global-assign
      hook(app, 'onShow', (how) => { opened(how); calls.track('Application Opened', { scene: entry.scene }) })
      hook(app, 'onHide', () => { calls.track('Application Backgrounded'); now() })
      return ownApp(app)
    }
    Page = function (page) { // eslint-disable-line no-global-assign
      hook(page, 'onShow', function () { calls.page(this.route) })
      return ownPage(page)
    }
  }
}

const liebian = {}
for (const name of Object.keys(calls)) liebian[name] = guard(calls[name])
module.exports = liebian
