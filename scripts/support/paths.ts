import { fileURLToPath } from 'node:url';

/** The repository's root, absolute, without a trailing separator. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
