/* Liebian for web pages. Apache-2.0 */
(()=>{
const d = document, nav = navigator, loc = location, str = JSON.stringify, mix = Object.assign, P = "liebian:", tag = d.currentScript || { dataset: {} },
queue = new Map(),
cookie = (k, v, age)=>{ d.cookie = `${k}=${encodeURIComponent(v)};path=/;max-age=${age};samesite=lax` }
let opt, url, key, consent, timer, busy, tries = 0, size = 100, seq = 0, anon, user, here, from = d.referrer, at,
box = { // no localStorage: cookies
	getItem: k=>decodeURIComponent((d.cookie.split(k + "=")[1] || "").split(";")[0]),
	setItem: (k, v)=>k[9] == ":" || cookie(k, v, 31536e3),
	removeItem: k=>cookie(k, "", 0)
}
try { box = localStorage || box } catch (e) {}
const get = k=>box.getItem(P + k),
put = (k, v)=>{ try { consent && box.setItem(P + k, v) } catch (e) {} },
del = k=>box.removeItem(P + k),
stored = ()=>Object.keys(box).filter(k=>k.startsWith(P + "q:")).sort().map(k=>k.slice(8)),
uuid = ()=>{ // version 7
	const t = "0" + Date.now().toString(16), n = (28672 + (seq++ & 4095)).toString(16),
	r = [...crypto.getRandomValues(new Uint8Array(8))].map(n=>(n + 256).toString(16).slice(1)).join("")
	return `${t.slice(0, 8)}-${t.slice(8)}-${n}-a${r.slice(1, 4)}-${r.slice(4)}`
},
off = v=>v + "" == "false",
plain = s=>s.split(/[?#]/)[0], // of a query only utm_ leaves
route = ()=>loc.pathname + (/^#!?\//.test(loc.hash) ? "#" + plain(loc.hash.slice(1)) : ""),
context = ()=>{
	const c = {
		page: { path: route(), referrer: plain(from), title: d.title, url: loc.origin + route() },
		locale: nav.language, library: { name: "liebian.js", version: "1" }
	}
	new URLSearchParams(loc.search).forEach((v, k)=>{
		if (/^utm_/.test(k)) (c.campaign = c.campaign || {})[k == "utm_campaign" ? "name" : k.slice(4)] = v
	})
	return c
},
drop = id=>{ queue.delete(id); del(id) },
keep = (id, text)=>{
	queue.set(id, text)
	put(id, text)
	if (queue.size > 1000) drop(queue.keys().next().value)
},
send = (type, fields)=>{
	if (consent === false) return
	const messageId = uuid()
	keep("q:" + messageId, str(mix({
		type, messageId, timestamp: new Date(at || Date.now()), context: context(), userId: user, anonymousId: anon
	}, fields)))
	later(200)
},
later = ms=>{ timer = timer || setTimeout(now, ms) },
now = ()=>{ clearTimeout(timer); timer = 0; flush().catch(()=>{}) },
waiting = ()=>get("until") - Date.now(),
take = ()=>{ // 60 KB: what outlives a page
	const ids = []
	let bytes = 0
	for (const [id, text] of queue) {
		bytes += new Blob([text]).size
		if (ids[size - 1] || bytes > 6e4 && ids[0]) break
		ids.push(id)
	}
	return [ids, str({ writeKey: key, sentAt: new Date(), batch: ids.map(id=>JSON.parse(queue.get(id))) })]
},
flush = async ()=>{
	if (!opt || !consent || busy || !queue.size) return
	let pause = waiting(), status = 0
	if (pause > 0) return later(pause)
	const [ids, body] = take()
	busy = 1
	try {
		const r = await fetch(url, { method: "POST", body, keepalive: body.length < 2e4, credentials: "omit" }),
		after = r.headers.get("Retry-After")
		status = r.status
		pause = after * 1e3 || Date.parse(after) - Date.now()
	} catch (e) {}
	busy = 0
	if (status == 401) return
	if (/^(0|408|429|5..)$/.test(status)) {
		pause = Math.min(pause > 0 ? pause : 500 * 2 ** tries++ * (1 + Math.random()), 36e5)
		if (status) put("until", Date.now() + pause)
		return later(pause)
	}
	tries = 0
	if (status > 299 && ids[1]) size = 1 // look for the bad one
	else {
		status > 299 ? console.warn("liebian: refused", queue.get(ids[0])) : size = 100
		ids.forEach(drop)
	}
	return flush()
},
be = id=>{ if (id) put("user", user = id + "") },
begin = ()=>{
	consent = true
	put("id", anon = get("id") || uuid())
	be(user || get("user"))
	stored().forEach(id=>queue.set(id, get(id)))
	queue.forEach((text, id)=>keep(id, str(mix({ anonymousId: anon }, JSON.parse(text)))))
	later(0)
},
who = f=>(id, more)=>id && typeof id == "object" ? f(void 0, id) : f(id, more),
look = ()=>{
	if (route() == here) return
	if (here) from = loc.origin + here
	here = route()
	calls.page()
},
click = e=>{
	const el = e.target.closest("[data-liebian-event]"), p = {}
	if (!el) return
	for (const a of el.attributes) if (/^data-liebian-/.test(a.name)) p[a.name.slice(13).replace(/-/g, "_")] = a.value
	calls.track(p.event, mix(p, { event: void 0 }))
},
safe = f=>function () { try { f.apply(this, arguments) } catch (e) { console.warn("liebian:", e) } },
hear = (name, f)=>addEventListener(name, safe(f), true),
calls = {
	load(writeKey, options) {
		if (opt) return
		key = writeKey
		opt = options || {}
		url = (opt.host || new URL(tag.src).origin) + "/v1/batch"
		if (opt.consent != "required" && (off(opt.dnt) || !nav.globalPrivacyControl && nav.doNotTrack != 1) || get("consent")) begin()
		off(opt.clicks) || hear("click", click)
		hear("online", now)
		hear("pagehide", ()=>consent && queue.size && !(waiting() > 0) && nav.sendBeacon(url, take()[1]))
		if (off(opt.pages)) return
		for (const name of ["pushState", "replaceState"]) {
			const f = history[name]
			history[name] = function () { f.apply(this, arguments); setTimeout(safe(look)) }
		}
		hear("popstate", look)
		look()
	},
	identify: who((id, traits)=>{ be(id); send("identify", { traits }) }),
	track(event, properties) { send("track", { event, properties }) },
	page: who((name, properties)=>send("page", { name, properties })),
	group(groupId, traits) { send("group", { groupId, traits }) },
	alias(userId, previousId) { send("alias", { userId, previousId: previousId || user || anon }); be(userId) },
	reset() { user = void 0; del("user"); if (consent) put("id", anon = uuid()) },
	consent(yes) {
		if (yes) return begin(), put("consent", 1)
		consent = false
		user = anon = void 0
		queue.clear()
		stored().concat("id", "user", "consent", "until").forEach(del)
	}
},
early = window.liebian, api = window.liebian = {}
for (const name in calls) api[name] = safe(calls[name])
if (tag.dataset.key) api.load(tag.dataset.key, tag.dataset)
for (const [name, args, time] of early || []) { at = time; api[name](...args) }
at = 0
})()
