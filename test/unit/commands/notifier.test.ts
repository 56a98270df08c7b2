import { deferred } from '../../support/deferred.ts';
import { expect, test } from 'vitest';
import { Notifier } from '../../../extension/commands/notifier.ts';

interface Shown {
  readonly message: string;
  readonly titles: readonly string[];
  readonly press: (title: string | undefined) => void;
}

function makeNotifier(): { notifier: Notifier; shown: Shown[] } {
  const shown: Shown[] = [];
  const notifier = new Notifier((message, titles) => {
    const { promise, resolve } = deferred<string | undefined>();
    shown.push({ message, titles, press: resolve });
    return promise;
  });
  return { notifier, shown };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('runs the button that was pressed', async () => {
  const { notifier, shown } = makeNotifier();
  const run: string[] = [];
  notifier.error('Port 9092 is in use', [
    { title: 'Use another port', run: () => run.push('port') },
    { title: 'Show log', run: () => run.push('log') },
  ]);
  expect(shown[0]?.titles).toEqual(['Use another port', 'Show log']);
  shown[0]?.press('Show log');
  await settle();
  expect(run).toEqual(['log']);
});

test('shows one at a time, then only the last of the others', async () => {
  const { notifier, shown } = makeNotifier();
  for (const message of ['one', 'one', 'two', 'three']) notifier.error(message, []);
  expect(shown.map(({ message }) => message)).toEqual(['one']);
  shown[0]?.press(undefined);
  await settle();
  expect(shown.map(({ message }) => message)).toEqual(['one', 'three']);
});

test('drops what waited when the person acts', async () => {
  const { notifier, shown } = makeNotifier();
  notifier.error('one', [{ title: 'Fix', run: () => undefined }]);
  notifier.error('two', []);
  shown[0]?.press('Fix');
  await settle();
  expect(shown).toHaveLength(1);
  notifier.error('three', []);
  expect(shown).toHaveLength(2);
});
