// The page in a real Chromium: what a person sees, and what a hostile or broken world does to it.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { KEYS, Server, axeSource, bars, busy, launch, settled, text, until, window } from "./harness.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

// A tab, whose errors and foreign requests fail the test.
const open = async (server, options = {}) => {
  const context = options.context ?? await browser.newContext(options);
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (message) => {
    // A server that is away is the test's matter.
    if (message.type() === "error" && !/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/.test(message.text())) page.faults.push(message.text());
  });
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("dialog", (dialog) => { page.faults.push("dialog"); dialog.dismiss(); });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) page.faults.push(request.url());
  });
  await page.goto(server.url + "/");
  return page;
};

const serving = async (args, body) => {
  const server = await Server.start(args);
  const contexts = [];
  const tab = async (options) => {
    const page = await open(server, options);
    contexts.push(page.context());
    return page;
  };
  try {
    await body(server, tab);
  } finally {
    await server.stop();
    for (const context of contexts) await context.close();
  }
};

const rowsAre = (page, first) => until(page, (key) => document.querySelector("#bars li .key")?.textContent === key, first);

test("1: rows, order and values are those of the input, and 2: the next window moves them without overlap", () => serving([], async (server, tab) => {
  await server.send(window(0, [["a", 50], ["b", 30], ["c", 20]]));
  const page = await tab();
  await rowsAre(page, "a");
  assert.deepEqual((await bars(page)).map(({ rank, key, count }) => [rank, key, count]), [["1", "a", "50"], ["2", "b", "30"], ["3", "c", "20"]]);
  assert.equal(await text(page, "#counted"), "100");
  assert.match(await text(page, "#range"), /^2020-01-01 12:00:00 – 12:00:10/);
  await page.focus("#bars li:nth-child(2) .key");
  await server.send(window(1, [["b", 1200], ["d", 70], ["a", 60]]));
  await rowsAre(page, "b");
  await settled(page);
  const now = await bars(page);
  assert.deepEqual(now.map(({ key, count }) => [key, count]), [["b", "1,200"], ["d", "70"], ["a", "60"]]);
  now.slice(1).forEach((row, at) => assert.ok(row.top >= now[at].bottom - 0.5, `${row.key} over ${now[at].key}`));
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "b", "the focus stays with its row");
  assert.match(await page.title(), /^b 1,200 – live$/);
  assert.deepEqual(page.faults, []);
}));

test("3: a reload in the middle shows the same history, without doubles", () => serving([], async (server, tab) => {
  for (let n = 0; n < 20; n++) await server.send(busy(n));
  const page = await tab();
  await until(page, () => document.querySelector("#range").textContent.includes("12:03:10"));
  const history = async () => {
    await page.focus("#window");
    return page.$$eval("#window option", (options) => options.map((option) => option.textContent));
  };
  const before = await history();
  assert.equal(before.length, 21);
  await server.send(busy(20));
  await page.reload();
  await until(page, () => document.querySelector("#range").textContent.includes("12:03:20"));
  const after = await history();
  assert.equal(after.length, 22);
  assert.equal(new Set(after).size, 22);
  assert.deepEqual(after.slice(2), before.slice(1));
  assert.deepEqual(page.faults, []);
}));

test("4: a server that is killed and comes back: reconnecting, then everything anew", () => serving([], async (server, tab) => {
  for (let n = 0; n < 5; n++) await server.send(busy(n));
  const page = await tab();
  await until(page, () => document.querySelector("#state").dataset.state === "live");
  await server.stop();
  await until(page, () => /^reconnecting in \d s$/.test(document.querySelector("#state").textContent));
  const again = await Server.start([], server.port);
  try {
    await again.send(window(90, [["new", 5]]));
    await rowsAre(page, "new");
    await until(page, () => document.querySelector("#state").dataset.state === "live");
    await page.focus("#window");
    assert.equal(await page.$$eval("#window option", (options) => options.length), 2, "nothing of the other run is left");
    again.child.stdin.end();
    await until(page, () => /^ended \d\d:\d\d:\d\d, 1 window$/.test(document.querySelector("#state").textContent));
  } finally {
    await again.stop();
  }
}));

test("5: eight tabs are live over one connection", () => serving([], async (server, tab) => {
  const first = await tab();
  const tabs = [first];
  while (tabs.length < 8) tabs.push(await tab({ context: first.context() }));
  await server.send(window(0, [["everywhere", 8]]));
  for (const page of tabs) {
    await page.bringToFront();
    await rowsAre(page, "everywhere");
  }
  assert.equal(await server.figure("readers"), 1);
  tabs.forEach((page) => assert.deepEqual(page.faults, []));
}));

test("5: a tab misses nothing that comes while its snapshot is on its way", () => serving([], async (server, tab) => {
  const first = await tab();
  await server.send(window(0, [["before", 1]]));
  await rowsAre(first, "before");
  await first.context().route("**/snapshot.json", async (route) => {
    const response = await route.fetch();
    await server.send(window(1, [["meanwhile", 2]]));
    await rowsAre(first, "meanwhile");
    await route.fulfill({ response });
  });
  const second = await tab({ context: first.context() });
  await rowsAre(second, "meanwhile");
  await second.focus("#window");
  assert.equal(await second.$$eval("#window option", (options) => options.length), 3, "the newest, and both");
}));

test("6: a reader that takes nothing holds neither the input nor the page up", () => serving([], async (server, tab) => {
  const page = await tab();
  const stalled = ["/lines", "/events"].map((where) => {
    const socket = net.connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`GET ${where} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket.pause();
  });
  while (await server.figure("readers") < 3) await new Promise((done) => setTimeout(done, 10));
  const padding = "x".repeat(20000);
  const begun = performance.now();
  for (let n = 0; n < 2000; n++) await server.send(JSON.stringify({ padding, n }) + "\n");
  await server.send(window(0, [["after", 1]]));
  await rowsAre(page, "after");
  const seconds = (performance.now() - begun) / 1000;
  assert.ok(seconds < 8, `40 MB took ${seconds} s`);
  const kilobytes = Number(readFileSync(`/proc/${server.child.pid}/status`, "utf8").match(/VmHWM:\s+(\d+)/)[1]);
  assert.ok(kilobytes < 120000, `${kilobytes} kB`);
  // The reader of lines lost some; so it is sent away, and the page tells of it.
  await until(page, () => document.querySelector("#log").textContent.includes("1 reader was too slow, and was dropped"));
  assert.equal(await server.figure("readers_dropped_total"), 1);
  stalled.forEach((socket) => socket.destroy());
}));

test("7: labels and records are text, whatever they hold", () => serving([], async (server, tab) => {
  const hostile = ["<img src=x onerror=alert(1)>", "\u202eevil\u202c", "</script><script>alert(2)</script>", "javascript:alert(3)", "\u0000\u0007 &amp;"];
  await server.send(window(0, hostile.map((key, at) => [key, 50 - at])));
  await server.send(JSON.stringify({ text: "<b onmouseover=alert(4)>x</b>" }) + "\n");
  const page = await tab();
  await rowsAre(page, hostile[0]);
  const shown = (await bars(page)).map(({ key }) => key);
  assert.equal(shown.length, 5);
  assert.equal(shown[2], hostile[2]);
  assert.ok(!shown[1].includes("\u202e") || shown[1].includes("\u202c"), "an override ends with its label");
  await page.click("#view");
  await until(page, () => document.querySelectorAll("#rows tr").length === 5);
  assert.equal(await page.$$eval("main img, main script, main b", (nodes) => nodes.length), 0);
  const answer = await fetch(server.url + "/");
  assert.match(answer.headers.get("content-security-policy"), /default-src 'none'/);
  await settled(page);
  assert.deepEqual(page.faults, []);
}));

test("8: a pause keeps what comes and counts it", () => serving([], async (server, tab) => {
  await server.send(window(0, [["before", 1]]));
  const page = await tab();
  await rowsAre(page, "before");
  await page.keyboard.press("Space");
  for (let n = 1; n <= 37; n++) await server.send(window(n, [["after", n]]));
  await until(page, () => document.querySelector("#state").textContent === "paused, +37 windows");
  assert.equal((await bars(page))[0].key, "before");
  await page.click("#pause");
  await rowsAre(page, "after");
  assert.equal((await bars(page))[0].count, "37");
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("ArrowLeft");
  await until(page, () => document.querySelector("#bars .count").textContent === "36");
  await page.keyboard.press("ArrowRight");
  await until(page, () => document.querySelector("#bars .count").textContent === "37");
  await page.keyboard.press("t");
  await until(page, () => !document.querySelector("#table").hidden);
  assert.deepEqual(page.faults, []);
}));

test("9: at 360, 768 and 1440 wide, light and dark: nothing scrolls sideways, every text is in its box", () => serving(["--title", "Trending hashtags"], async (server, tab) => {
  for (let n = 0; n < 60; n++) if (n < 30 || n > 36) await server.send(busy(n));
  for (let n = 0; n < 20; n++) await server.send(busy(n, 30));
  await server.send(JSON.stringify({ text: "a record " + "with a long text ".repeat(30) }) + "\n");
  for (const width of [360, 768, 1440]) {
    for (const colorScheme of ["light", "dark"]) {
      const isPhone = width === 360;
      const page = await tab({ viewport: { width, height: 900 }, colorScheme, isMobile: isPhone, hasTouch: isPhone });
      await until(page, () => document.querySelectorAll("#lines path").length > 4);
      await settled(page);
      const faults = await page.evaluate(() => {
        const found = [];
        const room = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth > room) found.push(`scrolls: ${document.documentElement.scrollWidth} > ${room}`);
        for (const node of document.querySelectorAll("button, select, dd, dt, h1, h2, .pill, svg text, .legend li")) {
          const box = node.getBoundingClientRect();
          if (box.width === 0 || node.closest(".unseen")) continue;
          if (box.left < -0.5 || box.right > room + 0.5) found.push(`outside: ${node.textContent}`);
          const panel = node.closest(".panel");
          if (panel && box.right > panel.getBoundingClientRect().right) found.push(`beyond its panel: ${node.textContent}`);
          if (panel && box.left < panel.getBoundingClientRect().left) found.push(`before its panel: ${node.textContent}`);
          const clips = node.matches("button:not(.key), dd, dt, h2, .pill");
          if (clips && node.scrollWidth > node.clientWidth + 1) found.push(`cut: ${node.textContent}`);
        }
        for (const svg of document.querySelectorAll(".chart svg")) {
          const boxes = [...svg.querySelectorAll("text")].map((node) => [node.textContent, node.getBoundingClientRect()]);
          boxes.forEach(([words, a], at) => boxes.slice(at + 1).forEach(([other, b]) => {
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (across > 1 && down > 4) found.push(`${words} over ${other}`);
          }));
        }
        for (const svg of document.querySelectorAll("#rates svg, #extra svg")) {
          const words = [...svg.querySelectorAll("text")].map((node) => [node.textContent, node.getBoundingClientRect()]);
          for (const rect of svg.querySelectorAll("rect")) {
            const b = rect.getBoundingClientRect();
            for (const [text, a] of words) {
              if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) found.push(`a bar over ${text}`);
            }
          }
        }
        for (const node of document.querySelectorAll("nav button, nav select, nav a")) {
          const box = node.getBoundingClientRect();
          if (box.width && (box.height < 44 || box.width < 44)) found.push(`small: ${node.textContent} ${box.width}x${box.height}`);
        }
        if (matchMedia("(pointer: coarse)").matches) {
          for (const node of document.querySelectorAll("main button, main input")) {
            const box = node.getBoundingClientRect();
            if (box.width && box.height < 44) found.push(`small for a finger: ${node.textContent} ${box.width}x${box.height}`);
          }
        }
        for (const svg of document.querySelectorAll("#lines svg, #rates svg")) {
          const times = [...svg.querySelectorAll("text")].filter((node) => /^\d\d:\d\d/.test(node.textContent));
          if (times.length < 3) found.push(`${times.length} times on the axis`);
        }
        return found;
      });
      assert.deepEqual(faults, [], `${width} ${colorScheme}`);
      assert.deepEqual(page.faults, []);
      if (process.env.PAGE_PICTURES) await page.screenshot({ path: `${process.env.PAGE_PICTURES}/${width}-${colorScheme}.png`, fullPage: true });
      await page.close();
    }
  }
}));

test("10: axe has no serious finding, in charts, with pins and in tables, at all widths, light and dark", () => serving([], async (server, tab) => {
  for (let n = 0; n < 12; n++) await server.send(busy(n).replaceAll('"late":', '"compound":0.25,"late":'));
  await server.send("no record\n" + JSON.stringify({ text: "a record" }) + "\n");
  for (const width of [360, 768, 1440]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await tab({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
      await rowsAre(page, (await server.get("/snapshot.json").then(JSON.parse)).windows.at(-1).rows[0].key);
      await until(page, () => document.querySelectorAll("#lines path").length > 4);
      await page.addScriptTag({ path: axeSource });
      for (const view of ["charts", "pins", "table"]) {
        if (view === "pins") await page.click("#bars li:nth-child(2) .key");
        if (view === "table") await page.click("#view");
        await until(page, (view) => ({ charts: true, pins: document.querySelector("#pins button"), table: document.querySelector("#rows tr") })[view], view);
        await settled(page);
        const found = await page.evaluate(() => axe.run());
        assert.ok(found.passes.length > 20, "axe looked at the page");
        const serious = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
        assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), [], `${width} ${colorScheme} ${view}`);
      }
      await page.close();
    }
  }
}));

test("11: ten thousand windows later the page needs no more memory", () => serving(["--windows", "60"], async (server, tab) => {
  const page = await tab();
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize / 1e6;
  };
  let n = 0;
  const run = async (windows) => {
    const end = n + windows;
    for (; n < end; n++) {
      await server.send(busy(n));
      if (n % 100 === 0) await new Promise((done) => setTimeout(done, 20));
    }
    await until(page, (seconds) => document.querySelector("#range").textContent.includes(new Date(Date.parse("2020-01-01T12:00:00Z") + seconds * 1000).toISOString().slice(11, 19) + " UTC"), n * 10);
  };
  await run(2000);
  const first = await heap();
  await run(8000);
  const last = await heap();
  assert.ok(last < first + 4, `${first} MB, then ${last} MB`);
  assert.deepEqual(page.faults, []);
}));

test("12: every request is to the server itself, also without JavaScript", () => serving([], async (server, tab) => {
  await server.send(window(0, [["a", 3]]));
  const page = await tab();
  await rowsAre(page, "a");
  await page.click("#view");
  assert.deepEqual(page.faults, []);
  const plain = await tab({ javaScriptEnabled: false });
  assert.ok(await plain.isVisible("noscript img"));
  assert.ok(await plain.$eval("noscript img", (image) => image.complete && image.naturalWidth > 300));
  assert.equal(await plain.isVisible("nav"), false);
  assert.deepEqual(plain.faults, []);
}));

test("13: late and rejected are shown as given, and – where nobody knows", () => serving([], async (server, tab) => {
  const page = await tab();
  await server.send('{"tag":"a","count":3,"rows":1}\n');
  await rowsAre(page, "a");
  assert.deepEqual(await Promise.all(["#late", "#counted", "#distinct", "#delay"].map((id) => text(page, id))), ["–", "–", "–", "–"]);
  assert.equal(await text(page, "#rejected"), "0");
  await server.send("no json\n" + window(0, [["b", 1]], { late: 0 }));
  const size = page.locator("#sizes button", { hasText: "10s" });
  await size.click();
  await until(page, () => document.querySelector("#late").textContent === "0" && document.querySelector("#rejected").textContent === "1");
  await server.send(window(0, [["b", 2]], { late: 7, rev: 1 }));
  await until(page, () => document.querySelector("#late").textContent === "7");
  await server.send(window(1, [["b", 2]]));
  await until(page, () => document.querySelector("#late").textContent === "–");
  assert.deepEqual(page.faults, []);
}));

test("14: sentiment and topics have their own pictures, and the pointer and pins find keys", () => serving([], async (server, tab) => {
  for (let n = 0; n < 5; n++) {
    await server.send(window(n, KEYS.slice(0, 4).map((key, at) => [key, 40 - at, { compound: (at - 1.5) / 2 }])));
  }
  const page = await tab();
  await until(page, () => document.querySelector('[data-kind="diverge"]').getAttribute("aria-pressed") === "true");
  assert.match(await text(page, "#extra"), /\+0\.75/);
  assert.equal(await text(page, "#more-title"), "Sentiment");
  await page.click('[data-kind="stack"]');
  await until(page, () => document.querySelector("#extra").textContent.includes("100%"));
  await page.click("#bars li:first-child .key");
  const emphasis = (bold, faint) => until(page, ([bold, faint]) => document.querySelectorAll("#lines .bold").length === bold && document.querySelectorAll("#lines g.faint").length === faint, [bold, faint]);
  await emphasis(1, 3);
  await page.hover("#bars li:nth-child(2) .count");
  await emphasis(2, 2);
  const box = await page.locator("#lines svg").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await until(page, () => /^2020-01-01 12:00:\d0.*StanLee\u206940/.test(document.querySelector("#lines .tip").textContent));
  await page.mouse.move(box.x + box.width / 2, box.y - 60);
  await until(page, () => document.querySelector("#lines .tip").hidden);
  // A pinned key is drawn on when it is no longer in the list, in its colour, until it is let go.
  const stroke = () => page.$eval("#lines .bold", (group) => group.style.stroke);
  const colour = await stroke();
  await server.send(window(5, [["other", 9]], { distinct: 30 }));
  await rowsAre(page, "other");
  await emphasis(1, 1);
  assert.equal(await stroke(), colour);
  await page.click("#pins button");
  await until(page, () => !document.querySelector("#pins button") && document.querySelectorAll("#lines g").length === 1);
  await page.keyboard.press("ArrowLeft");
  await rowsAre(page, "StanLee");
  await page.fill("#filter", "nothing has this");
  await until(page, () => document.querySelectorAll("#records li").length === 0);
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("#csv")]);
  assert.match(readFileSync(await file.path(), "utf8"), /^window_start,window_end,tag,count,.*\r\n2020-01-01T12:00:40\.000Z,.*,StanLee,40,1,1,[^\r]*,-0\.75\r\n/);
  // The picture is that of the chosen window, too.
  const svg = await page.$eval("#svg", (link) => link.href);
  assert.match(await (await fetch(svg)).text(), /StanLee/);
  assert.doesNotMatch(await (await fetch(svg.replace(/&end=\d+/, ""))).text(), /StanLee/);
  assert.deepEqual(page.faults, []);
}));

test("15: the log tells what went wrong, at the server and on the way", () => serving([], async (server, tab) => {
  const page = await tab();
  await until(page, () => document.querySelector("#log").textContent.startsWith("Nothing to tell"));
  await server.send("no json\n".repeat(3) + window(0, [["a", 1]], { late: 2 }) + window(1, [["a", 1]]).replace('"rows":1', '"rows":1,"update":true'));
  const says = (words) => until(page, (words) => document.querySelector("#log").textContent.includes(words), words);
  for (const words of ["3 lines were no records", "2 records came too late for their windows", "(--emit update) make no windows"]) await says(words);
  server.child.stdin.end();
  await says("the input ended");
  await server.stop();
  await says("the server does not answer");
  const again = await Server.start([], server.port);
  try {
    await says("the server answers again");
    await says("another run of the server");
  } finally {
    await again.stop();
  }
}));

test("16: a page for which there is no place shows what there is, and says so", () => serving([], async (server, tab) => {
  await server.send(window(0, [["a", 3]]));
  const taken = Array.from({ length: 64 }, () => {
    const socket = net.connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return socket.resume();
  });
  while (await server.figure("readers") < 64) await new Promise((done) => setTimeout(done, 10));
  const page = await tab();
  await rowsAre(page, "a");
  await until(page, () => /^no place free, again in \d s$/.test(document.querySelector("#state").textContent));
  await server.send(window(1, [["b", 3]]));
  await rowsAre(page, "b");
  taken.forEach((socket) => socket.destroy());
  await until(page, () => document.querySelector("#state").textContent === "live");
}));

test("17: nothing jumps when windows come, nothing moves for those who asked for calm, and paper is light", () => serving([], async (server, tab) => {
  for (let n = 0; n < 12; n++) await server.send(busy(n));
  const page = await tab({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", reducedMotion: "reduce" });
  const boxes = () => page.$$eval("nav, nav *, .figures div, .panel", (nodes) => nodes.map((node, at) => {
    const { x, y, width, height } = node.getBoundingClientRect();
    return [at, node.id, x, y, width, height].join(" ");
  }));
  await until(page, () => document.querySelectorAll("#lines path").length > 4);
  const before = await boxes();
  await page.evaluate(() => {
    window.moving = 0;
    const { animate } = Element.prototype;
    Element.prototype.animate = function (...how) { window.moving += 1; return animate.apply(this, how); };
  });
  for (const beside of [{}, { open: true }]) {
    await server.send(window(beside.open ? 13 : 12, [["z", 2000], ...KEYS.slice(1).map((key, at) => [key, 900 - at])], beside));
    await until(page, (isOpen) => document.querySelector("#bars .key").textContent === "z" && document.querySelector("#notice").hidden !== isOpen, Boolean(beside.open));
    assert.deepEqual(await boxes(), before);
  }
  assert.equal(await page.evaluate(() => window.moving), 0);
  const ground = () => page.evaluate(() => getComputedStyle(document.querySelector(".panel")).backgroundColor);
  assert.equal(await ground(), "rgb(13, 17, 23)");
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await ground(), "rgb(255, 255, 255)");
  assert.equal(await page.isVisible("nav"), false);
  await page.emulateMedia({ media: "screen", colorScheme: "dark" });
  await page.click("#theme");
  assert.equal(await ground(), "rgb(255, 255, 255)");
  assert.equal(await page.evaluate(() => localStorage.getItem("theme")), "light");
  assert.deepEqual(page.faults, []);
}));

test("18: at the end it says how much there was: windows, also those of a history, else records", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "page-"));
  const history = path.join(folder, "rows.jsonl");
  writeFileSync(history, window(0, [["a", 2], ["b", 1]]) + window(1, [["a", 1]]));
  const ends = (args, lines, words) => serving(args, async (server, tab) => {
    await server.send(lines);
    server.child.stdin.end();
    const page = await tab();
    await until(page, () => document.querySelector("#state").dataset.state === "ended");
    assert.match(await text(page, "#state"), new RegExp(`^ended \\d\\d:\\d\\d:\\d\\d, ${words}$`));
    assert.deepEqual(page.faults, []);
  });
  try {
    await ends(["--history", history], "", "2 windows");
    await ends(["--history", history], window(2, [["a", 3], ["b", 2]]), "3 windows");
    await ends([], '{"text":"one"}\n', "1 record");
    await ends([], "", "0 records");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("19: lengths of windows stand in their order, whichever came first, and are those of the server that is there", () => serving([], async (server, tab) => {
  const whole = (key) => `{"tag":"${key}","count":3,"rows":1}\n`;
  const sizes = (page) => page.$$eval("#sizes button", (buttons) => buttons.map((button) => button.textContent));
  await server.send(whole("a") + window(0, [["a", 1]], {}, 3600) + window(0, [["a", 1]], {}, 10) + window(0, [["a", 1]], {}, 60));
  const page = await tab();
  await until(page, () => document.querySelectorAll("#sizes button").length === 4);
  assert.deepEqual(await sizes(page), ["10s", "1m", "1h", "all"]);
  await page.click("#sizes button:nth-child(3)");
  await until(page, () => document.querySelector("#range").textContent.includes("13:00"));
  await server.stop();
  const again = await Server.start([], server.port);
  try {
    await again.send(window(0, [["a", 1]], {}, 7200) + window(0, [["a", 1]], {}, 20) + window(0, [["a", 1]], {}, 30) + whole("a"));
    await until(page, () => [...document.querySelectorAll("#sizes button")].map((button) => button.textContent).join() === "20s,30s,2h,all");
    await page.click("#sizes button:nth-child(2)");
    await until(page, () => document.querySelector("#range").textContent.includes("12:00:30"));
    // The axis of windows that lie decades apart has no words over others.
    for (const year of [1970, 1990, 2019]) await again.send(`{"window_start":"${year}-06-01T00:00:00Z","window_end":"${year}-06-01T00:00:30Z","tag":"a","count":${year},"total":1,"distinct":1,"rows":1}\n`);
    await until(page, () => /^a 1 /.test(document.title) && document.querySelectorAll("#lines .gap").length > 0);
    const over = await page.$$eval("#lines svg text", (nodes) => {
      const boxes = nodes.filter((node) => /\d{4}$/.test(node.textContent)).map((node) => node.getBoundingClientRect()).sort((a, b) => a.left - b.left);
      return [boxes.length, boxes.filter((box, at) => at > 0 && box.left < boxes[at - 1].right).length];
    });
    assert.ok(over[0] > 2 && over[1] === 0, `${over[1]} of ${over[0]} over others`);
    assert.deepEqual(page.faults, []);
  } finally {
    await again.stop();
  }
}));

test("20: a reader keeps the pause, the focus and the view, whatever comes and goes", () => serving(["--windows", "3"], async (server, tab) => {
  await server.send(window(0, [["a", 9], ["b", 8], ["c", 7]]));
  const page = await tab();
  await rowsAre(page, "a");
  // A row that leaves from under the pointer leaves no chart faint.
  await page.hover("#bars li:nth-child(3) .count");
  await until(page, () => document.querySelectorAll("#lines g.faint").length === 2);
  await server.send(window(1, [["d", 9], ["e", 8]], { distinct: 9 }));
  await rowsAre(page, "d");
  await until(page, () => document.querySelectorAll("#lines g.series").length === 2 && document.querySelectorAll("#lines g.faint").length === 0);
  // Pins that are let go by the keyboard, and the end of the windows, leave the focus where it was.
  for (const row of [1, 2]) await page.click(`#bars li:nth-child(${row}) .key`);
  await until(page, () => document.querySelectorAll("#pins button").length === 2);
  await page.focus("#pins button");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelectorAll("#pins button").length === 1 && document.activeElement.closest("#pins button"));
  await page.keyboard.press("Enter");
  await until(page, () => document.activeElement.id === "pins");
  await page.focus("#older");
  await page.keyboard.press("Enter");
  await rowsAre(page, "a");
  await until(page, () => document.querySelector("#older").getAttribute("aria-disabled") === "true" && document.activeElement.id === "older");
  assert.equal(await text(page, "#top-title"), "Chosen window");
  // A window that is no longer kept is not the chosen one.
  for (const n of [2, 3, 4]) await server.send(window(n, [["f", n]]));
  await rowsAre(page, "f");
  await until(page, () => document.querySelector("#top-title").textContent === "Newest window");
  // A key that is held does not switch to and fro, and one with shift is the browser's.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Shift+Space");
  await page.keyboard.down("Space");
  await page.keyboard.down("Space");
  await page.keyboard.up("Space");
  await until(page, () => document.querySelector("#state").dataset.state === "paused");
  await server.stop();
  await until(page, () => document.querySelector("#state").dataset.state === "reconnecting");
  const again = await Server.start([], server.port);
  try {
    await again.send(window(90, [["new", 5]]));
    await until(page, () => document.querySelector("#state").textContent === "paused, +1 window");
    assert.equal((await bars(page))[0].key, "f", "the pause goes on");
    await page.keyboard.press("Space");
    await rowsAre(page, "new");
  } finally {
    await again.stop();
  }
  assert.deepEqual(page.faults, []);
}));
