// The mini-programme module in Node, against a stand-in for `wx` that behaves as WeChat's documentation says:
// storage answers "" for what is absent and keeps copies, requests call back later with statusCode and header, hooks are
// properties of what App and Page are given. argv: the scenario; state of the phone: a file named by STATE.
'use strict'
const fs = require('node:fs')
const path = require('node:path')

const { HOST, WRITE_KEY, STATE } = process.env
const phone = fs.existsSync(STATE) ? JSON.parse(fs.readFileSync(STATE, 'utf8')) : {}
const ears = { show: [], hide: [], network: [] }
const state = { isOnline: true, answers: [], requests: [], entry: { path: 'pages/home', query: {}, scene: 1001 }, privacy: null, pages: [] }

global.wx = {
  getStorageSync: (key) => (key in phone ? JSON.parse(phone[key]) : ''),
  setStorageSync: (key, value) => {
    const text = JSON.stringify(value)
    if (Buffer.byteLength(text) > 1024 * 1024) throw new Error('setStorageSync:fail entry size limit reached')
    phone[key] = text
  },
  removeStorageSync: (key) => { delete phone[key] },
  getEnterOptionsSync: () => state.entry,
  getAppBaseInfo: () => ({ language: 'zh_CN' }),
  onAppShow: (f) => ears.show.push(f),
  onAppHide: (f) => ears.hide.push(f),
  onNetworkStatusChange: (f) => ears.network.push(f),
  getPrivacySetting: ({ success }) => setTimeout(() => success({ needAuthorization: state.privacy === 'needed', errMsg: 'getPrivacySetting:ok' })),
  request: ({ url, method, header, data, success, fail }) => {
    state.requests.push(JSON.parse(data))
    if (!state.isOnline) return void setTimeout(() => fail({ errMsg: 'request:fail' }))
    const answer = state.answers.shift()
    if (answer) return void setTimeout(() => success(Object.assign({ header: {}, data: {}, errMsg: 'request:ok' }, answer)))
    fetch(url, { method, headers: header, body: data }).then(
      async (r) => success({ statusCode: r.status, header: Object.fromEntries(r.headers), data: await r.json(), errMsg: 'request:ok' }),
      () => fail({ errMsg: 'request:fail' })
    )
  }
}
global.getCurrentPages = () => state.pages
global.App = (app) => { global.app = app }
global.Page = (page) => page

const liebian = require(path.join(__dirname, '../../sdk/wechat/liebian.js'))
const pause = (ms) => new Promise((done) => setTimeout(done, ms))
async function until(what) {
  for (let turn = 0; turn < 400; turn++) {
    if (what()) return
    await pause(25)
  }
  throw new Error('did not happen: ' + what)
}
const waiting = () => (phone['liebian:queue'] ? JSON.parse(phone['liebian:queue']).length : 0)
const empty = () => waiting() === 0
const load = (more) => liebian.load(WRITE_KEY, Object.assign({ host: HOST + '/' }, more))

const scenarios = {
  async calls() {
    state.entry = { path: 'pages/home', query: { scene: encodeURIComponent('utm_source=poster&utm_campaign=spring'), token: 'secret' }, scene: 1047 }
    load()
    liebian.page('Home')
    liebian.identify('u1', { openid: 'o-1', unionid: 'n-1', city: '杭州' })
    liebian.track('Product Added', { product_id: 'T01', price: 168 })
    liebian.group('club', { level: 2 })
    liebian.alias('u2')
    await until(empty)
    liebian.reset()
    liebian.track('After')
    await until(() => !empty())
    await until(empty)
  },
  async watch() {
    liebian.watch()
    load()
    const seen = []
    App({ onShow(how) { seen.push(['app', how.scene]) }, onHide() { seen.push(['away']) } })
    const page = Page({ route: 'pages/tea', onShow() { seen.push(['page', this.route]); return 'own' } })
    const bare = Page({ route: 'pages/cart' })
    global.app.onShow({ path: 'pages/tea', query: { utm_medium: 'friend' }, scene: 1007 })
    const answer = page.onShow()
    bare.onShow()
    global.app.onHide()
    await until(empty)
    return { seen, answer }
  },
  async offline() {
    load()
    state.isOnline = false
    for (let n = 0; n < 150; n++) liebian.track('Offline', { n })
    await until(() => state.requests.length)
    await pause(50)
    state.isOnline = true
    ears.network.forEach((f) => f({ isConnected: true, networkType: 'wifi' }))
    await until(empty)
    return { largest: Math.max(...state.requests.map((body) => body.batch.length)) }
  },
  async closed() { // the programme is closed with events waiting
    load()
    state.isOnline = false
    liebian.track('Kept', { n: 1 })
    await until(() => state.requests.length)
    return { waiting: waiting() }
  },
  async reopened() {
    load()
    liebian.track('Kept', { n: 2 })
    await until(empty)
  },
  async busy() {
    load()
    state.answers.push({ statusCode: 429, header: { 'Retry-After': '1' } })
    liebian.track('Waits')
    await until(() => state.requests.length === 1)
    const started = Date.now()
    await until(empty)
    return { waited: Date.now() - started, requests: state.requests.length }
  },
  async refused() {
    load()
    liebian.track('Good', { n: 1 })
    liebian.track('')
    liebian.track('Good', { n: 2 })
    await until(empty)
  },
  async required() {
    load({ consent: 'required' })
    liebian.track('Before')
    await pause(400)
    const before = { requests: state.requests.length, stored: Object.keys(phone) }
    liebian.consent(true)
    await until(() => state.requests.length && empty())
    liebian.consent(false)
    liebian.track('After')
    await pause(400)
    return { before, after: { requests: state.requests.length, stored: Object.keys(phone) } }
  },
  async wechat() {
    state.privacy = 'needed'
    load({ consent: 'wechat' })
    liebian.track('Before')
    await pause(400)
    const before = { requests: state.requests.length, stored: Object.keys(phone) }
    state.privacy = 'agreed'
    ears.show.forEach((f) => f(state.entry))
    await until(() => state.requests.length && empty())
    return { before }
  },
  async bounded() {
    load()
    state.isOnline = false
    for (let n = 0; n < 520; n++) liebian.track('Many', { n })
    const many = waiting()
    for (let n = 0; n < 60; n++) liebian.track('Long', { text: '茶'.repeat(10000) })
    return { many, bytes: Buffer.byteLength(phone['liebian:queue']) }
  },
  async unharmed() {
    const round = {}
    round.round = round
    load()
    liebian.track('Round', round)
    liebian.load('again', { host: 'http://127.0.0.1:1' })
    wx.getStorageSync = wx.setStorageSync = () => { throw new Error('closed') }
    liebian.track('Storage is closed')
    liebian.group()
    liebian.alias()
    await until(() => state.requests.length)
    await pause(300)
    return 'the programme goes on'
  }
}

const warn = console.warn
console.warn = (...words) => { if (process.env.LOUD) warn(...words) }
scenarios[process.argv[2]]().then((answer) => {
  fs.writeFileSync(STATE, JSON.stringify(phone))
  process.stdout.write(JSON.stringify({ answer, phone: Object.fromEntries(Object.entries(phone).map(([k, v]) => [k, JSON.parse(v)])), sent: state.requests }), () => process.exit(0))
}, (error) => { console.error(error); process.exit(1) })
