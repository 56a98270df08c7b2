const tasks: (() => void)[] = [];

const signalCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Runs `task` when this process ends: by itself, or by a signal that it can notice and that nobody else answers. */
export function atExit(task: () => void): void {
  if (tasks.length === 0) listen();
  tasks.push(task);
}

function listen(): void {
  process.once('exit', () => tasks.forEach((task) => task()));
  for (const [signal, code] of Object.entries(signalCodes)) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  }
}
