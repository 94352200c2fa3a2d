// Finds moltler-lsp and moltlerc, and runs the latter.

import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

const SUFFIX = process.platform === 'win32' ? '.exe' : '';

/** An executable file and how it was found. */
export interface Tool {
  path: string;
  origin: 'setting' | 'extension' | 'PATH' | 'cargo';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `~` and `${workspaceFolder}` of a path in a setting. */
function expanded(setting: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  return setting.replace(/^~(?=$|[\\/])/, homedir()).replaceAll('${workspaceFolder}', folder);
}

function find(name: string, setting: string, extension: string, beside?: string): Tool | undefined {
  const configured = vscode.workspace.getConfiguration('moltler').get<string>(setting)?.trim();
  if (configured) {
    // What was asked for is taken or missed, never replaced.
    const file = expanded(configured);
    return isExecutable(file) ? { path: file, origin: 'setting' } : undefined;
  }
  const file = name + SUFFIX;
  const candidates: Tool[] = [{ path: path.join(extension, 'bin', file), origin: 'extension' }];
  if (beside) candidates.push({ path: path.join(path.dirname(beside), file), origin: 'PATH' });
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    // A relative entry would find a program of the opened folder.
    if (path.isAbsolute(folder)) candidates.push({ path: path.join(folder, file), origin: 'PATH' });
  }
  candidates.push({ path: path.join(homedir(), '.cargo', 'bin', file), origin: 'cargo' });
  return candidates.find((candidate) => isExecutable(candidate.path));
}

/** The language server. */
export function languageServer(extension: string): Tool | undefined {
  return find('moltler-lsp', 'server.path', extension);
}

/** The command line; one that lies beside the server comes before those in PATH. */
export function commandLine(extension: string): Tool | undefined {
  return find('moltlerc', 'command.path', extension, languageServer(extension)?.path);
}

/** What a process said and how it ended. */
export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** What a command is run with. */
export interface RunOptions {
  cwd: string;
  token?: vscode.CancellationToken | undefined;
  /** Called with each line of standard output, as it comes. */
  onLine?: (line: string) => void;
}

/** No workspace is trusted to run anything before its user says so. */
export class Untrusted extends Error {
  constructor() {
    super('This workspace is not trusted: Moltler runs nothing in it.');
  }
}

/** moltlerc is not there. */
export class Missing extends Error {
  constructor(name: string) {
    super(`${name} was not found: install it, or name it in the settings.`);
  }
}

/** Runs `moltlerc` and waits for its end. Rejects only where it could not be started. */
export class CommandLine {
  constructor(
    private readonly extension: string,
    private readonly output: vscode.OutputChannel,
  ) {}

  /** The executable; a message is shown where it is missing. */
  path(): string {
    if (!vscode.workspace.isTrusted) throw new Untrusted();
    const tool = commandLine(this.extension);
    if (!tool) throw new Missing('moltlerc');
    return tool.path;
  }

  /** The environment of programs. */
  environment(): Record<string, string> {
    return vscode.workspace.getConfiguration('moltler').get<Record<string, string>>('run.environment') ?? {};
  }

  run(args: readonly string[], options: RunOptions): Promise<Outcome> {
    const file = this.path();
    this.output.appendLine(`> moltlerc ${args.map(quoted).join(' ')}`);
    return new Promise((resolve, reject) => {
      const child: ChildProcess = spawn(file, args, {
        cwd: options.cwd,
        env: { ...process.env, ...this.environment(), NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const cancelled = options.token?.onCancellationRequested(() => child.kill());
      let [stdout, stderr, rest] = ['', '', ''];
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        if (!options.onLine) {
          stdout += text;
          return;
        }
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        lines.forEach(options.onLine);
      });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
        this.output.append(text);
      });
      child.on('error', (error) => {
        cancelled?.dispose();
        reject(error);
      });
      child.on('close', (status) => {
        cancelled?.dispose();
        if (rest && options.onLine) options.onLine(rest);
        resolve({ status, stdout, stderr });
      });
    });
  }
}

function quoted(argument: string): string {
  const line = argument.replaceAll(/\s+/g, ' ');
  return /^[\w./:=-]+$/.test(line) ? line : `'${line}'`;
}
