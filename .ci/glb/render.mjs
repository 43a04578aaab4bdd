// Renders GLB files with three.js in headless Chromium, and tells what three.js found in them.
// node render.mjs OUT.png 'from=…&to=…&fov=…&probe=x,z' FILE.glb …
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const [out, view, ...files] = process.argv.slice(2);
const kinds = { '.html': 'text/html', '.js': 'text/javascript', '.glb': 'model/gltf-binary' };
const server = http.createServer((request, response) => {
  const name = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  const number = name.match(/^\/glb\/(\d+)$/);
  const file = number ? files[Number(number[1])]
    : name.startsWith('/three/') ? path.join(here, 'node_modules', name) : path.join(here, 'page.html');
  fs.readFile(file, (error, bytes) => {
    response.writeHead(error ? 404 : 200, { 'content-type': kinds[path.extname(file)] ?? 'application/octet-stream' });
    response.end(bytes);
  });
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? places.find((place) => fs.existsSync(place)),
  args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});
const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
page.on('pageerror', (error) => console.error(String(error)));
const query = files.map((_, k) => `glb=/glb/${k}`).join('&');
await page.goto(`http://127.0.0.1:${server.address().port}/?${query}&${view}`);
await page.waitForFunction(() => window.facts, null, { timeout: 300_000 });
const facts = await page.evaluate(() => window.facts);
await page.screenshot({ path: out });
console.log(JSON.stringify(facts, null, 1));
await browser.close();
server.close();
process.exit(facts.error ? 1 : 0);
