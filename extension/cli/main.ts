// The `samsa` program. Each command is loaded only when it is called: tools must start fast.

import { print, type ToolIo } from './tool-io.ts';
import { TOOLS } from './tools.ts';

const INTERRUPTED_EXIT_CODE = 130;

function usageText(): string {
  const names = Object.keys(TOOLS).sort().join('\n  ');
  return `Usage: samsa <command> [options]

  start          run a cluster in the foreground; 'samsa start --help' says more
  launchers DIR  write commands such as kafka-topics.sh into a folder for the PATH

Kafka's tools, with Kafka's options ('samsa topics --help' and so on):

  ${names}`;
}

async function run(command: string | undefined, args: readonly string[]): Promise<number> {
  switch (command) {
    case 'start':
      return (await import('./start.ts')).start(args);
    case 'launchers':
      return (await import('./install-launchers.ts')).installLaunchers(args, toolIo());
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      print(process.stdout, usageText());
      return command === undefined ? 2 : 0;
    default:
      return runTool(command, args);
  }
}

async function runTool(command: string, args: readonly string[]): Promise<number> {
  const load = TOOLS[command.replace(/^kafka-/, '').replace(/\.sh$/, '')];
  if (load === undefined) {
    print(process.stderr, `samsa: unknown command '${command}'; 'samsa help' lists them`);
    return 2;
  }
  const code = await (await load()).run(args, toolIo());
  // Input that nobody reads any more would keep the process; output on its way still arrives.
  process.stdin.destroy();
  return code;
}

function toolIo(): ToolIo {
  const { stdin, stdout, stderr, env } = process;
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The first one lets the tool finish cleanly, the second one does not.
      if (interrupted.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE);
      interrupted.abort(signal);
    });
  }
  for (const stream of [stdout, stderr]) {
    // The reader (`| head`) has enough: there is nobody left to tell.
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  }
  return { stdin, stdout, stderr, env, signal: interrupted.signal };
}

const [command, ...args] = process.argv.slice(2);
run(command, args).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`samsa: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
