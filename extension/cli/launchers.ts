import { TOOLS } from './tools.ts';

export interface LauncherOptions {
  /** The program that runs the script: Node, or an Electron that acts as Node. */
  readonly execPath: string;
  /** `dist/cli.cjs`. */
  readonly scriptPath: string;
  readonly platform: NodeJS.Platform;
}

/**
 * Files for a folder on the PATH, by name: `kafka-topics.sh`, `kafka-topics` and so on for every tool, as shell scripts; on
 * Windows `kafka-topics.bat` for `kafka-topics`, `kafka-topics.sh.cmd` for whoever types the name as tutorials have it, and
 * the plain name for Git Bash. Shell scripts must be made executable.
 */
export function launchers(options: LauncherOptions): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const tool of Object.keys(TOOLS)) {
    const name = tool.startsWith('zookeeper') ? tool : `kafka-${tool}`;
    files[name] = shellScript(tool, options);
    if (options.platform === 'win32') {
      files[`${name}.bat`] = batchFile(tool, options);
      files[`${name}.sh.cmd`] = batchFile(tool, options);
    } else {
      files[`${name}.sh`] = shellScript(tool, options);
    }
  }
  return files;
}

/**
 * Where VS Code was updated and the program is gone, any Node on the PATH does. SAMSA_HOME is the folder that holds the scripts'
 * own, where config/ may lie.
 */
function shellScript(tool: string, { execPath, scriptPath }: LauncherOptions): string {
  return `#!/bin/sh
node=${shellQuoted(execPath)}
[ -x "$node" ] || node=node
SAMSA_HOME="\${0%/*}/.." ELECTRON_RUN_AS_NODE=1 exec "$node" ${shellQuoted(scriptPath)} ${tool} "$@"
`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function batchFile(tool: string, { execPath, scriptPath }: LauncherOptions): string {
  const lines = [
    '@echo off',
    'setlocal',
    'set ELECTRON_RUN_AS_NODE=1',
    'set "SAMSA_HOME=%~dp0.."',
    `set "SAMSA_NODE=${batchQuoted(execPath)}"`,
    'if not exist "%SAMSA_NODE%" set "SAMSA_NODE=node"',
    `"%SAMSA_NODE%" "${batchQuoted(scriptPath)}" ${tool} %*`,
    'exit /b %ERRORLEVEL%',
    '',
  ];
  return lines.join('\r\n');
}

/** Within quotes only percent signs mean something. */
function batchQuoted(text: string): string {
  return text.replaceAll('%', '%%');
}
