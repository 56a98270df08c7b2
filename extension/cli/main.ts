// The `samsa` program. Each command is loaded only when it is called: tools must start fast.

const usage = `Usage: samsa <command> [options]

  start     run a cluster in the foreground; 'samsa start --help' says more
`;

async function run(command: string | undefined, args: readonly string[]): Promise<number> {
  switch (command) {
    case 'start':
      return (await import('./start.ts')).start(args);
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(usage);
      return command === undefined ? 2 : 0;
    default:
      process.stderr.write(`samsa: unknown command '${command}'; 'samsa help' lists them\n`);
      return 2;
  }
}

const [command, ...args] = process.argv.slice(2);
run(command, args).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`samsa: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
