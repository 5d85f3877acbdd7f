/* What pages gain with script: theme, charts from JSON, table switch, downloads, copy, covered values, ⌘K. They read without it. */
(function () {
  "use strict";
  var root = document.documentElement;
  var saved = null;
  try { saved = localStorage.getItem("lb-theme"); } catch (e) { /* storage may be off */ }
  var dark = window.matchMedia && matchMedia("(prefers-color-scheme: dark)").matches;
  root.setAttribute("data-bs-theme", saved || (dark ? "dark" : "light"));

  var chinese = (root.lang || "").slice(0, 2) === "zh";
  function grouped(v, decimals) {
    return Number(v).toLocaleString("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  }
  function short(v) {
    var a = Math.abs(v);
    if (chinese) return a >= 1e8 ? +(v / 1e8).toFixed(1) + "亿" : a >= 1e4 ? +(v / 1e4).toFixed(1) + "万" : grouped(v, a && a < 10 && v % 1 ? 1 : 0);
    return a >= 1e6 ? +(v / 1e6).toFixed(1) + "m" : a >= 1e4 ? +(v / 1e3).toFixed(1) + "k" : grouped(v, a && a < 10 && v % 1 ? 1 : 0);
  }
  function empty(v) { return v === null || v === undefined || v === "-" || Number.isNaN(v); }

  /* Functions that a JSON option may name as "lb:name:argument:argument". Keep this list short. */
  var named = {
    number: function (decimals) { return function (v) { return empty(v) ? "—" : grouped(v, +(decimals || 0)); }; },
    trim: function (most) { return function (v) { return empty(v) ? "—" : Number(v).toLocaleString("en-GB", { maximumFractionDigits: +most }); }; },
    short: function () { return function (v) { return empty(v) ? "—" : short(v); }; },
    percent: function (decimals) { return function (v) { return empty(v) ? "—" : grouped(v * 100, +(decimals || 0)) + "%"; }; },
    money: function (symbol, digits) {
      return function (v) { return empty(v) ? "—" : symbol + grouped(v / Math.pow(10, +digits), v % Math.pow(10, +digits) ? +digits : 0); };
    },
    moneyshort: function (symbol, digits) { return function (v) { return symbol + short(v / Math.pow(10, +digits)); }; },
    /* rows [category, low, point, high]: a horizontal band with its point */
    interval: function () {
      return function (params, api) {
        var y = api.coord([api.value(1), api.value(0)])[1];
        var a = api.coord([api.value(1), api.value(0)])[0];
        var m = api.coord([api.value(2), api.value(0)])[0];
        var b = api.coord([api.value(3), api.value(0)])[0];
        var c = api.visual("color");
        return { type: "group", children: [
          { type: "rect", shape: { x: a, y: y - 4, width: Math.max(b - a, 1), height: 8, r: 4 }, style: { fill: c, opacity: 0.28 } },
          { type: "rect", shape: { x: m - 2, y: y - 9, width: 4, height: 18, r: 2 }, style: { fill: c } }
        ] };
      };
    }
  };
  function resolve(o, style) {
    if (typeof o === "string") {
      if (o.slice(0, 3) === "lb:") {
        var parts = o.split(":");
        return named[parts[1]] ? named[parts[1]].apply(null, parts.slice(2)) : o;
      }
      return o.replace(/var\((--[\w-]+)\)/g, function (all, name) { return style.getPropertyValue(name).trim().replace(/"/g, "'"); });
    }
    if (Array.isArray(o)) return o.map(function (x) { return resolve(x, style); });
    if (o && typeof o === "object") {
      var out = {};
      Object.keys(o).forEach(function (k) { out[k] = resolve(o[k], style); });
      return out;
    }
    return o;
  }

  var charts = [], theme = null;
  var still = window.matchMedia && matchMedia("(prefers-reduced-motion: reduce)").matches;
  function forget(el) { charts = charts.filter(function (c) { if (c.getDom() === el || !c.getDom().isConnected) { c.dispose(); return false; } return true; }); }
  function drawIn(scope) {
    if (!window.echarts || !theme) return;
    var style = getComputedStyle(document.body);
    scope.querySelectorAll(".lb-chart[data-option]").forEach(function (el) {
      forget(el);
      var option = resolve(JSON.parse(document.getElementById(el.dataset.option).textContent), style);
      if (still) option.animation = false;
      var chart = echarts.init(el, resolve(theme, style), { renderer: "svg" });
      chart.setOption(option);
      chart.on("click", function (p) { var to = p.data && p.data.href; if (to) location.assign(to); });
      charts.push(chart);
    });
  }
  function start(scope) {
    if (!scope.querySelector(".lb-chart[data-option]")) { root.setAttribute("data-ready", "1"); return; }
    if (theme) { drawIn(scope); return; }
    fetch(document.body.dataset.chartTheme, { credentials: "same-origin" })
      .then(function (r) { return r.json(); })
      .then(function (t) { theme = t; drawIn(document); root.setAttribute("data-ready", "1"); });
  }
  function offer(name, url) {
    var a = document.createElement("a");
    a.href = url; a.download = name;
    document.body.appendChild(a); a.click(); a.remove();
    setTimeout(function () { URL.revokeObjectURL(url); }, 10000);
  }
  function downloadPng(el) {
    var chart = charts.filter(function (c) { return c.getDom() === el; })[0];
    if (!chart) return;
    var image = new Image(), w = el.clientWidth, h = el.clientHeight;
    image.onload = function () {
      var canvas = document.createElement("canvas");
      canvas.width = w * 2; canvas.height = h * 2;
      var g = canvas.getContext("2d");
      g.fillStyle = getComputedStyle(document.body).getPropertyValue("--lb-surface").trim();
      g.fillRect(0, 0, canvas.width, canvas.height);
      g.drawImage(image, 0, 0, w * 2, h * 2);
      canvas.toBlob(function (blob) { offer(el.dataset.option + ".png", URL.createObjectURL(blob)); });
    };
    image.src = chart.getDataURL({ type: "svg" });
  }
  function cell(text) {
    var t = text.trim();
    if (/^[=+@\t]/.test(t)) t = "'" + t;
    return /[",\n]/.test(t) ? '"' + t.replace(/"/g, '""') + '"' : t;
  }
  function downloadCsv(box, name) {
    var lines = Array.prototype.map.call(box.querySelectorAll("tr"), function (tr) {
      return Array.prototype.map.call(tr.cells, function (td) { return cell(td.textContent); }).join(",");
    });
    offer(name + ".csv", URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" })));
  }

  var acts = {
    theme: function () {
      var next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
      root.setAttribute("data-bs-theme", next);
      try { localStorage.setItem("lb-theme", next); } catch (e) { /* storage may be off */ }
      drawIn(document);
    },
    table: function (b) {
      var box = document.getElementById(b.getAttribute("aria-controls"));
      var chart = document.querySelector('[data-option="' + b.dataset.chart + '"]');
      box.hidden = !box.hidden;
      if (chart) chart.classList.toggle("lb-chart-off", !box.hidden);
      b.setAttribute("aria-expanded", String(!box.hidden));
      if (box.hidden) charts.forEach(function (c) { c.resize(); });
    },
    png: function (b) { var el = document.querySelector('[data-option="' + b.dataset.chart + '"]'); if (el) downloadPng(el); },
    csv: function (b) { downloadCsv(document.getElementById(b.getAttribute("aria-controls")), b.dataset.chart); },
    copy: function (b) {
      var text = b.dataset.copy || document.getElementById(b.getAttribute("aria-controls")).textContent.trim();
      function done() { b.classList.add("is-done"); var s = b.querySelector("span"); if (s && b.dataset.done) s.textContent = b.dataset.done; }
      if (navigator.clipboard) { navigator.clipboard.writeText(text).then(done); return; }
      var area = document.createElement("textarea");
      area.value = text; document.body.appendChild(area); area.select();
      try { document.execCommand("copy"); done(); } finally { area.remove(); }
    },
    close: function (b) { var box = b.closest("[data-closable]"); if (box) box.hidden = true; }
  };
  /* A revealed value covers itself again after the seconds it names. */
  function coverLater(scope) {
    scope.querySelectorAll("[data-cover-after]").forEach(function (el) {
      if (el.dataset.covering) return;
      el.dataset.covering = "1";
      setTimeout(function () { el.textContent = el.dataset.masked; }, 1000 * +el.dataset.coverAfter);
    });
  }
  addEventListener("resize", function () { charts.forEach(function (c) { c.resize(); }); });
  document.addEventListener("DOMContentLoaded", function () {
    start(document); coverLater(document);
    document.querySelectorAll(".lb-views>.active").forEach(function (tab) { tab.parentNode.scrollLeft = tab.offsetLeft - tab.parentNode.offsetLeft - 48; });
  });
  document.addEventListener("htmx:after:swap", function () { start(document); coverLater(document); });
  /* An answer that must not replace a part of the page is told above it, in its own words where it has some. */
  function tell(e) {
    var box = document.getElementById("lb-failed");
    var ctx = e.detail && e.detail.ctx, status = ctx && ctx.response && ctx.response.status;
    if (!box || status === 422 || status === 400) return;
    var answer = ctx && ctx.text ? new DOMParser().parseFromString(ctx.text, "text/html").querySelector("[role=alert] p") : null;
    var words = box.querySelector("[data-why]");
    words.textContent = answer ? answer.textContent : words.dataset.why;
    box.hidden = false;
    box.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("htmx:response:error", tell);
  document.addEventListener("htmx:error", tell);
  document.addEventListener("click", function (e) {
    var b = e.target.closest("[data-lb]");
    if (b && acts[b.dataset.lb]) acts[b.dataset.lb](b);
    document.querySelectorAll("details.lb-menu[open]").forEach(function (d) { if (!d.contains(e.target)) d.open = false; });
  });
  document.addEventListener("change", function (e) {
    if (e.target.matches("[data-submit]") && e.target.form) e.target.form.requestSubmit();
    if (e.target.matches("[data-check-all]")) {
      var on = e.target.checked;
      document.querySelectorAll('input[name="' + e.target.dataset.checkAll + '"]').forEach(function (box) { box.checked = on; });
    }
  });
  document.addEventListener("input", function (e) {
    var to = e.target.dataset && e.target.dataset.reading;
    if (to && document.getElementById(to)) document.getElementById(to).textContent = e.target.value;
  });
  document.addEventListener("keydown", function (e) {
    if ((e.metaKey || e.ctrlKey) && e.key.toLowerCase() === "k") {
      var box = document.getElementById("lb-search");
      if (box) { e.preventDefault(); box.focus(); box.select(); }
    }
    if (e.key === "Escape") document.querySelectorAll("details.lb-menu[open]").forEach(function (d) { d.open = false; d.querySelector("summary").focus(); });
  });
})();
