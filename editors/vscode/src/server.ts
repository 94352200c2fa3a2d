// The language server's life: found, started, restarted, and what the status bar says about it.

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
} from 'vscode-languageclient/node';
import { languageServer } from './tools';

/** Commands of lenses that this editor has. */
export const LENS_COMMANDS = [
  'moltler.runFile',
  'moltler.runQuery',
  'moltler.explain',
  'moltler.runTest',
  'moltler.showReferences',
];

/** So many ends within so many milliseconds are taken for a fault that starting again does not mend. */
const MANY_ENDS = 4;
const SHORT_TIME = 3 * 60_000;

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private readonly status: vscode.LanguageStatusItem;
  private readonly bar: vscode.StatusBarItem;
  private readonly changed = new vscode.EventEmitter<void>();
  private ends: number[] = [];

  /** The server is up. */
  readonly onReady = this.changed.event;

  constructor(
    private readonly extension: string,
    private readonly output: vscode.LogOutputChannel,
  ) {
    this.status = vscode.languages.createLanguageStatusItem('moltler.server', { language: 'moltler' });
    this.status.name = 'Moltler Language Server';
    this.status.command = { title: 'Restart', command: 'moltler.restartServer' };
    this.bar = vscode.window.createStatusBarItem('moltler.status', vscode.StatusBarAlignment.Left, 0);
    this.bar.name = 'Moltler';
    this.bar.command = 'moltler.showOutput';
  }

  /** The client, once it is running. */
  get running(): LanguageClient | undefined {
    return this.client?.state === State.Running ? this.client : undefined;
  }

  async start(): Promise<void> {
    const tool = languageServer(this.extension);
    if (!tool) {
      const setting = vscode.workspace.getConfiguration('moltler').get<string>('server.path');
      this.output.warn(
        setting
          ? `moltler.server.path: ${setting} is not an executable file`
          : `no moltler-lsp beside the extension, in PATH (${process.env['PATH']}) or in ~/.cargo/bin`,
      );
      this.tell('missing', 'moltler-lsp was not found');
      await this.offerSettings();
      return;
    }
    this.tell('starting', tool.path);
    this.output.info(`language server: ${tool.path} (${tool.origin})`);
    const clientOptions: LanguageClientOptions = {
      documentSelector: [
        { scheme: 'file', language: 'moltler' },
        { scheme: 'untitled', language: 'moltler' },
      ],
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: {
        ...vscode.workspace.getConfiguration('moltler'),
        commands: LENS_COMMANDS,
      },
      synchronize: {
        configurationSection: 'moltler',
        fileEvents: vscode.workspace.createFileSystemWatcher('**/{*.molt,moltler.toml}'),
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: () => this.closed(),
      },
    };
    const client = new LanguageClient('moltler', 'Moltler', { command: tool.path }, clientOptions);
    this.client = client;
    client.onDidChangeState(({ newState }) => {
      if (this.client !== client) return;
      if (newState === State.Running) {
        const version = client.initializeResult?.serverInfo?.version ?? '';
        this.tell('running', `moltler-lsp ${version}, ${tool.path}`);
        this.changed.fire();
      } else if (newState === State.Starting) {
        this.tell('starting', tool.path);
      } else {
        this.tell('stopped', 'the language server is not running');
      }
    });
    try {
      await client.start();
    } catch (error) {
      this.tell('stopped', String(error));
      this.output.error(`the language server did not start: ${error}`);
      const pick = await vscode.window.showErrorMessage('The Moltler language server did not start.', 'Show Output');
      if (pick) this.output.show();
    }
  }

  async restart(): Promise<void> {
    this.ends = [];
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose(2000);
    } catch (error) {
      // A server that does not answer has been ended.
      this.output.warn(String(error));
    }
  }

  dispose(): void {
    void this.stop();
    this.status.dispose();
    this.bar.dispose();
    this.changed.dispose();
  }

  /** Shows the status bar item beside `.molt` files only. */
  follow(editor: vscode.TextEditor | undefined): void {
    if (editor?.document.languageId === 'moltler') this.bar.show();
    else this.bar.hide();
  }

  private closed() {
    const now = Date.now();
    this.ends = [...this.ends.filter((end) => now - end < SHORT_TIME), now];
    if (this.ends.length < MANY_ENDS) return { action: CloseAction.Restart, handled: true };
    this.tell('stopped', 'the language server ended several times');
    return {
      action: CloseAction.DoNotRestart,
      message: 'The Moltler language server ended several times in a short time and is not started again.',
    };
  }

  private tell(state: 'starting' | 'running' | 'stopped' | 'missing', detail: string): void {
    const isBad = state === 'stopped' || state === 'missing';
    this.status.text = `Moltler: ${state}`;
    this.status.detail = detail;
    this.status.busy = state === 'starting';
    this.status.severity = isBad ? vscode.LanguageStatusSeverity.Error : vscode.LanguageStatusSeverity.Information;
    const icon = isBad ? '$(error)' : state === 'starting' ? '$(loading~spin)' : '$(check)';
    this.bar.text = `${icon} Moltler`;
    this.bar.tooltip = `Moltler: ${state}. ${detail}`;
    this.bar.backgroundColor = isBad ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    void vscode.commands.executeCommand('setContext', 'moltler.serverRunning', state === 'running');
  }

  private async offerSettings(): Promise<void> {
    const message = 'The Moltler language server, moltler-lsp, was not found beside the extension, in PATH or in ~/.cargo/bin.';
    const pick = await vscode.window.showWarningMessage(message, 'Open Settings', 'Open Walkthrough');
    if (pick === 'Open Settings') {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'moltler.server.path');
    } else if (pick) {
      await vscode.commands.executeCommand('moltler.openWalkthrough');
    }
  }
}
