// Tasks of the type `moltler`: `moltlerc check`, `test`, … with their problems.

import * as vscode from 'vscode';
import { commandLine } from './tools';

interface Definition extends vscode.TaskDefinition {
  command: string;
  args?: string[];
}

export class Tasks implements vscode.TaskProvider {
  constructor(private readonly extension: string) {}

  provideTasks(): vscode.Task[] {
    return (vscode.workspace.workspaceFolders ?? []).flatMap((folder) =>
      ['check', 'test', 'fmt'].map((command) => this.task({ type: 'moltler', command }, folder)),
    );
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const definition = task.definition as Definition;
    const folder = typeof task.scope === 'object' ? task.scope : vscode.workspace.workspaceFolders?.[0];
    return folder ? this.task(definition, folder, definition) : undefined;
  }

  private task(definition: Definition, folder: vscode.WorkspaceFolder, resolved?: Definition): vscode.Task {
    const tool = commandLine(this.extension)?.path ?? 'moltlerc';
    const environment = vscode.workspace.getConfiguration('moltler').get<Record<string, string>>('run.environment');
    const task = new vscode.Task(
      // A task from tasks.json is told apart by its very definition.
      resolved ?? definition,
      folder,
      definition.command,
      'moltler',
      new vscode.ProcessExecution(tool, [definition.command, ...(definition.args ?? [])], {
        cwd: folder.uri.fsPath,
        ...(environment ? { env: environment } : {}),
      }),
      '$moltler',
    );
    if (definition.command === 'test') task.group = vscode.TaskGroup.Test;
    if (definition.command === 'check' || definition.command === 'build') task.group = vscode.TaskGroup.Build;
    return task;
  }
}
