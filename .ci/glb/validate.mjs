// Validates GLB files: no errors, no warnings. Says how large they are and what they hold.
import fs from 'node:fs';
import validator from 'gltf-validator';

let bad = 0;
for (const file of process.argv.slice(2)) {
  const bytes = new Uint8Array(fs.readFileSync(file));
  const report = await validator.validateBytes(bytes, { maxIssues: 50 });
  const { numErrors, numWarnings, messages } = report.issues;
  const { totalTriangleCount, totalVertexCount, drawCallCount } = report.info;
  console.log(`${file}: ${(bytes.length / 1e6).toFixed(1)} MB, ${totalTriangleCount} triangles, ${totalVertexCount} vertices, ` +
    `${drawCallCount} draw calls, ${numErrors} errors, ${numWarnings} warnings`);
  for (const message of messages.filter((message) => message.severity < 2)) {
    console.log(`  ${message.code} ${message.message} ${message.pointer}`);
  }
  bad += numErrors + numWarnings;
}
process.exit(bad > 0 || process.argv.length < 3 ? 1 : 0);
