// Moltler for Visual Studio Code: what there is, and how its parts know each other.
//
// - server: the language server's life; outline: what it says about whole packages.
// - tools: finds and runs `moltlerc`. Nothing runs it in a workspace that is not trusted.
// - tests, connectors, results, commands, tasks: one file for each thing that is seen.

import * as vscode from 'vscode';
import { registerCommands } from './commands';
import { ConnectorsView } from './connectors';
import { Outline } from './outline';
import { ResultsPanel } from './results';
import { Server } from './server';
import { Tasks } from './tasks';
import { Tests } from './tests';
import { CommandLine } from './tools';

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('Moltler', { log: true });
  server = new Server(context.extensionPath, output);
  const commandLine = new CommandLine(context.extensionPath, output);
  const outline = new Outline(server, output);
  const results = new ResultsPanel(context.extensionUri);
  const tests = new Tests(outline, commandLine);
  const connectors = new ConnectorsView(outline);
  const tasks = vscode.tasks.registerTaskProvider('moltler', new Tasks(context.extensionPath));
  const parts = { server, outline, tests, results, commandLine, output };
  context.subscriptions.push(output, server, outline, results, tests, connectors, tasks, ...registerCommands(parts));

  server.follow(vscode.window.activeTextEditor);
  const current = server;
  context.subscriptions.push(
    vscode.window.onDidChangeActiveTextEditor((editor) => current.follow(editor)),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration('moltler.server.path')) await current.restart();
    }),
  );
  await server.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
