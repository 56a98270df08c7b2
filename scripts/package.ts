// npm run package: the installable extension, samsa-<version>.vsix.

import { packageVsix } from './support/vsix.ts';

try {
  const { path, sizeBytes } = await packageVsix();
  console.log(`${path}  ${(sizeBytes / 1024).toFixed(0)} KiB`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
