// Results of queries, and what a run did, in a panel beside the editor.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** What is shown. */
export interface Shown {
  /** The statement or file. */
  title: string;
  /** One line of JSON for each result: an array of rows, or one value. */
  results: string[];
  /** What the program wrote for people, with its error. */
  notes: string;
  /** Milliseconds from start to end. */
  elapsed: number;
  failed: boolean;
  /** Lines of `--trace`, when they were asked for. */
  trace?: unknown[];
}

type Message =
  | { type: 'ready' }
  | { type: 'copy'; text: string }
  | { type: 'export'; format: 'csv' | 'json'; text: string };

export class ResultsPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private shown: Shown | undefined;
  private isReady = false;

  constructor(private readonly extension: vscode.Uri) {}

  show(shown: Shown): void {
    this.shown = shown;
    if (!this.panel) this.open();
    this.panel?.reveal(undefined, true);
    if (this.isReady) this.send();
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private open(): void {
    const media = vscode.Uri.joinPath(this.extension, 'media');
    const panel = vscode.window.createWebviewPanel(
      'moltler.results',
      'Moltler Results',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [media], retainContextWhenHidden: true, enableFindWidget: true },
    );
    panel.iconPath = vscode.Uri.joinPath(media, 'activity.svg');
    this.panel = panel;
    this.isReady = false;
    panel.onDidDispose(() => (this.panel = undefined));
    panel.webview.onDidReceiveMessage((message: Message) => this.received(message));
    const nonce = randomBytes(16).toString('base64');
    const at = (name: string) => panel.webview.asWebviewUri(vscode.Uri.joinPath(media, name)).toString();
    const policy = [
      "default-src 'none'",
      `style-src ${panel.webview.cspSource}`,
      `script-src 'nonce-${nonce}'`,
    ].join('; ');
    panel.webview.html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="stylesheet" href="${at('results.css')}">
<title>Moltler Results</title>
</head>
<body>
<main id="main"></main>
<script nonce="${nonce}" src="${at('trace.js')}"></script>
<script nonce="${nonce}" src="${at('results.js')}"></script>
</body>
</html>`;
  }

  private send(): void {
    const maxRows = vscode.workspace.getConfiguration('moltler').get<number>('run.maxRows') ?? 100000;
    void this.panel?.webview.postMessage({ ...this.shown, maxRows });
  }

  private async received(message: Message): Promise<void> {
    if (message.type === 'ready') {
      this.isReady = true;
      this.send();
    } else if (message.type === 'copy') {
      await vscode.env.clipboard.writeText(message.text);
      vscode.window.setStatusBarMessage('Copied', 2000);
    } else {
      const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
      const name = `result.${message.format}`;
      const target = await vscode.window.showSaveDialog({
        ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {}),
        filters: message.format === 'csv' ? { CSV: ['csv'] } : { JSON: ['json'] },
      });
      if (target) await vscode.workspace.fs.writeFile(target, Buffer.from(message.text, 'utf8'));
    }
  }
}
