import { t } from '../settings/localize.ts';

/** The promise, or a failure once `patienceMs` have passed. */
export async function within<T>(patienceMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(t('The cluster does not answer.'))), patienceMs);
  });
  try {
    return await Promise.race([promise, impatience]);
  } finally {
    clearTimeout(timer);
  }
}
