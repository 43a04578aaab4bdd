// Hands every kernel to WebGPU in headless Chromium, whose compiler is Tint, on a device with WebGPU's default limits.
// node check.mjs FOLDER, which `hanze kernels FOLDER` wrote. Errors fail, warnings are told.
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

// The browser's driver is installed once, beside the check of meshes.
const { chromium } = createRequire(new URL('../glb/package.json', import.meta.url))('playwright-core');
const folder = process.argv[2];
const kernels = JSON.parse(fs.readFileSync(path.join(folder, 'kernels.json'), 'utf8'));
for (const kernel of kernels) kernel.source = fs.readFileSync(path.join(folder, kernel.file), 'utf8');
// A kernel that naga takes and Tint must not: some invocations of a workgroup may never come to the barrier.
const wrong = `@group(0) @binding(0) var<storage, read_write> values: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if values[id.x] == 0u { return; }
  workgroupBarrier();
  values[id.x] = 1u;
}`;

// Browsers have no WebGPU on pages from nowhere.
const server = http.createServer((_, response) => response.end('<!doctype html><title>kernels</title>'));
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? places.find((place) => fs.existsSync(place)),
  args: ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
});

/** Runs in the page: what the adapter is, and for each kernel what Tint and the device say of it. */
async function judge(kernels) {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return { fault: 'the browser has no adapter of WebGPU' };
  const { vendor, architecture, device: name, description } = adapter.info;
  const device = await adapter.requestDevice();
  const limits = ['maxStorageBuffersPerShaderStage', 'maxComputeInvocationsPerWorkgroup'].map((key) => [key, device.limits[key]]);
  const found = [];
  for (const { source, overrides } of kernels) {
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ code: source });
    const { messages } = await module.getCompilationInfo();
    const told = messages.map(({ type, lineNum, linePos, message }) =>
      `${type} in line ${lineNum}, ${linePos}: ${message}\n    ${(source.split('\n')[lineNum - 1] ?? '').trim()}`);
    let isRefused = messages.some(({ type }) => type === 'error');
    if (!isRefused) {
      // Any value serves those that have none of their own.
      const constants = Object.fromEntries(overrides.map((name) => [name, 1]));
      const compute = { module, entryPoint: 'main', constants };
      await device.createComputePipelineAsync({ layout: 'auto', compute }).catch((error) => {
        isRefused = true;
        told.push(error.message.trim());
      });
    }
    const left = await device.popErrorScope();
    if (left && !isRefused) told.push(left.message.trim());
    found.push({ isRefused: isRefused || left !== null, told });
  }
  return { adapter: [vendor, architecture, name, description].filter(Boolean).join(', '), limits, found };
}

let verdict;
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  verdict = await page.evaluate(judge, [...kernels, { source: wrong, overrides: [] }]);
} finally {
  await browser.close();
  server.close();
}
if (verdict.fault || !kernels.length) {
  console.error(verdict.fault ?? 'there are no kernels');
  process.exit(1);
}
console.log(`${verdict.adapter}; ${verdict.limits.map(([key, value]) => `${key} ${value}`).join(', ')}`);
const planted = verdict.found.pop();
verdict.found.forEach(({ told }, k) => told.forEach((text) => console.log(`${kernels[k].model}, ${kernels[k].name}: ${text}`)));
const refused = kernels.filter((_, k) => verdict.found[k].isRefused).map(({ model, name }) => `${model}, ${name}`);
console.log(`${kernels.length - refused.length} of ${kernels.length} kernels are accepted by Tint within WebGPU's default limits`);
if (!planted.isRefused) console.error('a kernel with a barrier that some never come to is accepted, too: this proves nothing');
if (refused.length) console.error(`refused: ${refused.join('; ')}`);
process.exitCode = refused.length || !planted.isRefused ? 1 : 0;
