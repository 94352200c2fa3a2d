// The commands of the palette and of lenses.

import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Location, Position } from 'vscode-languageserver-protocol';
import type { Outline } from './outline';
import type { ResultsPanel } from './results';
import type { Server } from './server';
import type { Tests } from './tests';
import { Missing, Untrusted, type CommandLine, type Outcome } from './tools';

/** Documents that say how a query would be carried out. */
const PLAN_SCHEME = 'moltler-plan';

export interface Parts {
  server: Server;
  outline: Outline;
  tests: Tests;
  results: ResultsPanel;
  commandLine: CommandLine;
  output: vscode.LogOutputChannel;
}

export function registerCommands(parts: Parts): vscode.Disposable[] {
  const plans = new Plans();
  const guarded = (run: (...args: never[]) => unknown) => async (...args: unknown[]) => {
    try {
      await (run as (...args: unknown[]) => unknown)(...args);
    } catch (error) {
      await complain(error, parts.output);
    }
  };
  const commands: Record<string, (...args: never[]) => unknown> = {
    'moltler.runFile': async (target?: string | vscode.Uri) => runFile(parts, await saved(target), false),
    'moltler.traceFile': async (target?: string | vscode.Uri) => runFile(parts, await saved(target), true),
    'moltler.runSelection': () => runSelection(parts),
    'moltler.runQuery': (uri: string, text: string) => runText(parts, vscode.Uri.parse(uri), text),
    'moltler.testAtCursor': () => testAtCursor(parts),
    'moltler.runTest': (uri: string, name: string) => parts.tests.runByName(vscode.Uri.parse(uri), name),
    'moltler.explainAtCursor': () => explainAtCursor(parts, plans),
    'moltler.explain': (uri: string, text: string) => explain(parts, plans, vscode.Uri.parse(uri), text),
    'moltler.explainQuery': (uri: string, text: string) => explain(parts, plans, vscode.Uri.parse(uri), text),
    'moltler.buildExecutable': async (target?: string | vscode.Uri) => build(parts, await saved(target)),
    'moltler.newConnector': () => newConnector(parts),
    'moltler.restartServer': () => parts.server.restart(),
    'moltler.showOutput': () => parts.output.show(true),
    'moltler.openWalkthrough': () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', 'moltler.moltler#start', false),
    'moltler.showReferences': (uri: string, position: Position, locations: Location[]) =>
      vscode.commands.executeCommand(
        'editor.action.showReferences',
        vscode.Uri.parse(uri),
        new vscode.Position(position.line, position.character),
        locations.map(
          ({ uri, range: { start, end } }) =>
            new vscode.Location(
              vscode.Uri.parse(uri),
              new vscode.Range(start.line, start.character, end.line, end.character),
            ),
        ),
      ),
  };
  return [
    vscode.workspace.registerTextDocumentContentProvider(PLAN_SCHEME, plans),
    ...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, guarded(run))),
  ];
}

async function complain(error: unknown, output: vscode.LogOutputChannel): Promise<void> {
  const text = error instanceof Error ? error.message : String(error);
  output.error(text);
  if (error instanceof Untrusted) {
    const pick = await vscode.window.showWarningMessage(text, 'Manage Trust');
    if (pick) await vscode.commands.executeCommand('workbench.trust.manage');
  } else if (error instanceof Missing) {
    const pick = await vscode.window.showErrorMessage(text, 'Open Settings');
    if (pick) await vscode.commands.executeCommand('workbench.action.openSettings', 'moltler.command.path');
  } else {
    const pick = await vscode.window.showErrorMessage(text, 'Show Output');
    if (pick) output.show(true);
  }
}

/** The `.molt` editor in front. */
function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== 'moltler') throw new Error('Open a .molt file first.');
  return editor;
}

/** The file that is meant, as it is on the disk after saving. */
async function saved(target?: string | vscode.Uri): Promise<vscode.Uri> {
  const uri = typeof target === 'string' ? vscode.Uri.parse(target) : (target ?? activeEditor().document.uri);
  const document = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (document?.isUntitled) throw new Error('Save the file first: programs run from a disk.');
  if (document?.isDirty && !(await document.save())) throw new Error('The file could not be saved.');
  return uri;
}

async function withProgress(title: string, work: (token: vscode.CancellationToken) => Promise<Outcome>): Promise<Outcome> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    // What is over at once shows nothing.
    (_progress, token) => work(token),
  );
}

async function runFile(parts: Parts, uri: vscode.Uri, isTraced: boolean): Promise<void> {
  const trace = isTraced ? ['--trace'] : [];
  const title = `moltlerc run ${vscode.workspace.asRelativePath(uri)}`;
  await showRun(parts, title, ['run', '--format', 'json', ...trace, uri.fsPath], path.dirname(uri.fsPath));
}

async function runText(parts: Parts, uri: vscode.Uri, text: string): Promise<void> {
  // Definitions come from the package's files.
  await vscode.workspace.saveAll(false);
  const folder = uri.scheme === 'file' ? path.dirname(uri.fsPath) : firstFolder();
  await showRun(parts, text, ['query', '--format', 'json', '--project', folder, text], folder);
}

function firstFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (!folder) throw new Error('Save the file first: its package is that of its folder.');
  return folder.uri.fsPath;
}

async function showRun(parts: Parts, title: string, args: string[], cwd: string): Promise<void> {
  const begin = Date.now();
  const results: string[] = [];
  const onLine = (line: string) => {
    if (line.trim()) results.push(line);
  };
  const [shortTitle] = title.split('\n', 1);
  const outcome = await withProgress(`Moltler: ${shortTitle}`, (token) =>
    parts.commandLine.run(args, { cwd, token, onLine }),
  );
  const { trace, notes } = divided(outcome.stderr);
  parts.results.show({
    title,
    results,
    notes,
    elapsed: Date.now() - begin,
    failed: outcome.status !== 0,
    ...(args.includes('--trace') ? { trace } : {}),
  });
}

/** The lines of a trace, which are JSON objects with `trace`, and the others. */
function divided(stderr: string): { trace: unknown[]; notes: string } {
  const trace: unknown[] = [];
  const notes: string[] = [];
  for (const line of stderr.split('\n')) {
    if (line.startsWith('{"trace"')) {
      try {
        trace.push(JSON.parse(line));
        continue;
      } catch {
        // Cut off or somebody else's: shown as it is.
      }
    }
    notes.push(line);
  }
  return { trace, notes: notes.join('\n') };
}

async function runSelection(parts: Parts): Promise<void> {
  const editor = activeEditor();
  const { document, selection } = editor;
  if (!selection.isEmpty) {
    await runText(parts, document.uri, document.getText(selection));
    return;
  }
  const statement = await parts.outline.statementAt(document, selection.active);
  if (!statement) throw new Error('There is no statement at the cursor.');
  if (statement.kind === 'test') await parts.tests.runByName(document.uri, statement.name ?? '');
  else if (statement.kind === 'definition') throw new Error('This is a definition: put the cursor into a statement that does something, or run the file.');
  else await runText(parts, document.uri, statement.text);
}

async function testAtCursor(parts: Parts): Promise<void> {
  const { document, selection } = activeEditor();
  const statement = await parts.outline.statementAt(document, selection.active);
  if (statement?.kind !== 'test') throw new Error('There is no TEST at the cursor.');
  await parts.tests.runByName(document.uri, statement.name ?? '');
}

async function explainAtCursor(parts: Parts, plans: Plans): Promise<void> {
  const { document, selection } = activeEditor();
  const statement = selection.isEmpty ? await parts.outline.statementAt(document, selection.active) : undefined;
  const text = statement ? statement.text : document.getText(selection);
  if (!text || (statement && statement.kind !== 'query')) throw new Error('There is no SELECT at the cursor.');
  await explain(parts, plans, document.uri, text);
}

async function explain(parts: Parts, plans: Plans, uri: vscode.Uri, text: string): Promise<void> {
  await vscode.workspace.saveAll(false);
  const folder = uri.scheme === 'file' ? path.dirname(uri.fsPath) : firstFolder();
  const outcome = await parts.commandLine.run(['explain', '--project', folder, text], { cwd: folder });
  const plan = outcome.status === 0 ? outcome.stdout : outcome.stderr;
  const document = await vscode.workspace.openTextDocument(plans.set(plan));
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
    preview: true,
  });
}

/** The last plan of all, under one address. */
class Plans implements vscode.TextDocumentContentProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly uri = vscode.Uri.parse(`${PLAN_SCHEME}:Query Plan`);
  private text = '';
  readonly onDidChange = this.changed.event;

  set(plan: string): vscode.Uri {
    this.text = plan;
    this.changed.fire(this.uri);
    return this.uri;
  }

  provideTextDocumentContent(): string {
    return this.text;
  }
}

async function build(parts: Parts, uri: vscode.Uri): Promise<void> {
  const folder = path.dirname(uri.fsPath);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const target = path.join(folder, path.basename(uri.fsPath, '.molt') + suffix);
  const outcome = await withProgress(`Moltler: building ${path.basename(target)}`, (token) =>
    parts.commandLine.run(['build', uri.fsPath, '-o', target], { cwd: folder, token }),
  );
  if (outcome.status !== 0) throw new Error(`The build failed: ${firstError(outcome.stderr)}`);
  const pick = await vscode.window.showInformationMessage(
    `Built ${vscode.workspace.asRelativePath(target)}`,
    'Run in Terminal',
  );
  if (pick) {
    const env = parts.commandLine.environment();
    vscode.window.createTerminal({ name: path.basename(target), cwd: folder, shellPath: target, env }).show();
  }
}

function firstError(text: string): string {
  return text.split('\n').find((line) => line.startsWith('error')) ?? text.trim().split('\n')[0] ?? '';
}

async function newConnector(parts: Parts): Promise<void> {
  // Said before anything is asked.
  parts.commandLine.path();
  const name = await vscode.window.showInputBox({
    title: 'New Connector',
    prompt: 'Its name, which is also that of its folder',
    placeHolder: 'myservice',
    validateInput: (value) =>
      /^[a-z][a-z0-9_]*$/.test(value) ? undefined : 'Lower-case letters, digits and underscores, a letter first',
  });
  if (!name) return;
  let folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (!folder) {
    const picked = await vscode.window.showOpenDialog({
      canSelectFolders: true,
      canSelectFiles: false,
      openLabel: 'Create Here',
    });
    folder = picked?.[0];
  }
  if (!folder) return;
  const outcome = await parts.commandLine.run(['new', name], { cwd: folder.fsPath });
  if (outcome.status !== 0) throw new Error(firstError(outcome.stderr));
  const made = vscode.Uri.joinPath(folder, name);
  if (!vscode.workspace.workspaceFolders) {
    await vscode.commands.executeCommand('vscode.openFolder', made);
    return;
  }
  await vscode.window.showTextDocument(vscode.Uri.joinPath(made, `${name}.molt`), {
    viewColumn: vscode.ViewColumn.One,
    preview: false,
  });
  parts.outline.soon();
}
