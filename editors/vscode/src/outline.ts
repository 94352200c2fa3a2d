// What the packages of a workspace declare, as the language server tells it.

import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Location, Range } from 'vscode-languageserver-protocol';
import type { Server } from './server';

/** A key of FIELDS, CONFIG_SCHEMA or PARAMETERS. */
export interface Field {
  name: string;
  type: string;
  description?: string;
  primaryKey?: boolean;
  required?: boolean;
  secret?: boolean;
}

/** A definition of a package. */
export interface Item {
  name: string;
  description?: string;
  location: Location;
  fields: Field[];
}

/** An instance and its connector type. */
export interface Instance {
  name: string;
  type: string;
  location: Location;
}

/** A TEST. */
export interface Test {
  name: string;
  type: string;
  tags: string[];
  location: Location;
}

/** The answer to `moltler/package`. */
export interface PackageOutline {
  /** The folder of the package. */
  root: string;
  types: Item[];
  entities: Item[];
  actions: Item[];
  instances: Instance[];
  tests: Test[];
}

/** The answer to `moltler/statement`. */
export interface StatementAt {
  kind: 'query' | 'test' | 'definition' | 'other';
  /** Its text without the last semicolon. */
  text: string;
  /** The name of a test. */
  name?: string;
  range: Range;
}

/** Asked when files were made, changed on the disk or removed, and nothing more happened for so many milliseconds. */
const PAUSE = 300;
/** The same while somebody types. */
const TYPING_PAUSE = 800;

export class Outline implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly disposables: vscode.Disposable[] = [];
  private timer: NodeJS.Timeout | undefined;
  private current: PackageOutline[] = [];
  /** Only the last of several requests under way counts. */
  private round = 0;
  /** A file of each package, by the package's root; unknown after files came or went. */
  private firsts: Map<string, vscode.Uri> | undefined;
  /** Documents that were typed in since the packages were asked. */
  private readonly touched = new Set<string>();

  /** The packages have changed. */
  readonly onChange = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly output: vscode.LogOutputChannel,
  ) {
    const files = vscode.workspace.createFileSystemWatcher('**/{*.molt,moltler.toml}');
    const soon = () => this.soon();
    this.disposables.push(
      this.changed,
      files,
      files.onDidCreate(soon),
      files.onDidChange(soon),
      files.onDidDelete(soon),
      server.onReady(soon),
      vscode.workspace.onDidChangeWorkspaceFolders(soon),
      vscode.workspace.onDidOpenTextDocument((document) => {
        if (document.languageId === 'moltler') soon();
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.languageId === 'moltler') this.typed(document.uri);
      }),
    );
  }

  /** All packages, by root. */
  get packages(): readonly PackageOutline[] {
    return this.current;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  /** Asks all packages again after a pause. */
  soon(): void {
    this.firsts = undefined;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.update(), PAUSE);
  }

  async refresh(): Promise<void> {
    this.firsts = undefined;
    await this.update();
  }

  /** Asks the package of a document again after a pause. */
  private typed(uri: vscode.Uri): void {
    this.touched.add(uri.fsPath);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.update(), this.firsts ? TYPING_PAUSE : PAUSE);
  }

  private async update(): Promise<void> {
    const client = this.server.running;
    if (!client) return;
    const round = ++this.round;
    const isAll = !this.firsts;
    const firsts = this.firsts ?? (await this.oneOfEachPackage());
    if (round !== this.round) return;
    this.firsts = firsts;
    const touched = [...this.touched];
    const found = new Map<string, PackageOutline>();
    for (const [root, uri] of firsts) {
      const known = this.current.find((outline) => outline.root === root);
      if (known && !isAll && !touched.some((file) => file.startsWith(root + path.sep))) {
        found.set(root, known);
        continue;
      }
      try {
        // The server knows the packages of open documents.
        await vscode.workspace.openTextDocument(uri);
        const outline: PackageOutline | null = await client.sendRequest('moltler/package', {
          textDocument: { uri: client.code2ProtocolConverter.asUri(uri) },
        });
        if (outline) found.set(outline.root, outline);
      } catch (error) {
        // Changed meanwhile: the change asks again.
        this.output.debug(`moltler/package ${uri.fsPath}: ${error}`);
      }
    }
    if (round !== this.round) return;
    for (const file of touched) this.touched.delete(file);
    this.current = [...found.values()].sort((a, b) => a.root.localeCompare(b.root));
    this.changed.fire();
  }

  /** The statement at a place. */
  async statementAt(document: vscode.TextDocument, position: vscode.Position): Promise<StatementAt | null> {
    const client = this.server.running;
    if (!client) return null;
    return client.sendRequest('moltler/statement', {
      textDocument: { uri: client.code2ProtocolConverter.asUri(document.uri) },
      position: client.code2ProtocolConverter.asPosition(position),
    });
  }

  /** One file of each package: the nearest folder with `moltler.toml`, else the file's own folder. */
  private async oneOfEachPackage(): Promise<Map<string, vscode.Uri>> {
    const manifests = await vscode.workspace.findFiles('**/moltler.toml', '**/node_modules/**', 1000);
    const roots = manifests.map((uri) => path.dirname(uri.fsPath)).sort((a, b) => b.length - a.length);
    const files = await vscode.workspace.findFiles('**/*.molt', '**/node_modules/**', 5000);
    const open = vscode.workspace.textDocuments.filter((document) => document.languageId === 'moltler');
    const firsts = new Map<string, vscode.Uri>();
    // Open documents first: nothing has to be opened for them.
    for (const uri of [...open.map((document) => document.uri), ...files.sort((a, b) => a.path.localeCompare(b.path))]) {
      if (uri.scheme !== 'file') continue;
      const folder = path.dirname(uri.fsPath);
      const root = roots.find((root) => folder === root || folder.startsWith(root + path.sep)) ?? folder;
      if (!firsts.has(root)) firsts.set(root, uri);
    }
    return firsts;
  }
}
