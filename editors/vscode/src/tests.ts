// The Test Explorer: tests of all packages, run by `moltlerc test --format json`.

import * as path from 'node:path';
import * as vscode from 'vscode';
import { Missing, Untrusted, type CommandLine } from './tools';
import type { Outline, PackageOutline } from './outline';

/** A place as `moltlerc` tells it: lines and columns from 1, columns in characters. */
interface Place {
  path?: string;
  line?: number;
  column?: number;
  end_line?: number;
  end_column?: number;
}

/** Why a test failed. */
interface TestError extends Place {
  message: string;
  notes?: string[];
  expected?: unknown;
  actual?: unknown;
  stack?: (Place & { function?: string })[];
  cause?: TestError;
}

/** A line of the report about one test. */
interface TestLine extends Place {
  test: string;
  type: string;
  tags: string[];
  file: string;
  result: 'passed' | 'failed' | 'skipped';
  seconds: number;
  message?: string | null;
  error?: TestError | null;
  reason: string | null;
  output: string;
}

/** What of a file ran. */
interface CoveredFile {
  path: string;
  handlers: { name: string; line: number; runs: number }[];
  statements: { line: number; column: number; runs: number }[];
}

/** What an item of the tree stands for. */
type Meaning =
  | { kind: 'package'; root: string }
  | { kind: 'file'; root: string; file: string }
  | { kind: 'test'; root: string; file: string; name: string; type: string };

/** One call of `moltlerc test`. */
interface Batch {
  root: string;
  /** A file, or the root. */
  path: string;
  /** A test by its name, when it is the only one. */
  only?: string;
  items: vscode.TestItem[];
}

export class Tests implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController('moltler', 'Moltler');
  private readonly meanings = new WeakMap<vscode.TestItem, Meaning>();
  private readonly coverage = new WeakMap<vscode.FileCoverage, CoveredFile>();
  private readonly disposables: vscode.Disposable[] = [this.controller];

  constructor(
    private readonly outline: Outline,
    private readonly commandLine: CommandLine,
  ) {
    const kinds = vscode.TestRunProfileKind;
    this.controller.createRunProfile('Run', kinds.Run, (request, token) => this.start(request, token), true, undefined, true);
    const covering = this.controller.createRunProfile('Run with Coverage', kinds.Coverage, (request, token) =>
      this.start(request, token),
    );
    covering.loadDetailedCoverage = async (_run, file) => this.details(file);
    this.controller.refreshHandler = () => outline.refresh();
    this.disposables.push(outline.onChange(() => this.update()));
  }

  dispose(): void {
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  /** Runs the tests with this name in a file, as a lens asks for it. */
  async runByName(uri: vscode.Uri, name: string): Promise<void> {
    const found = this.all().filter((item) => {
      const meaning = this.meanings.get(item);
      return meaning?.kind === 'test' && meaning.name === name && meaning.file === uri.fsPath;
    });
    if (found.length === 0) {
      void vscode.window.showInformationMessage(`There is no test named "${name}" yet.`);
      return;
    }
    const stop = new vscode.CancellationTokenSource();
    await vscode.commands.executeCommand('testing.clearTestResults').then(undefined, () => undefined);
    await this.start(new vscode.TestRunRequest(found), stop.token);
  }

  private all(): vscode.TestItem[] {
    const found: vscode.TestItem[] = [];
    const walk = (items: vscode.TestItemCollection) =>
      items.forEach((item) => {
        found.push(item);
        walk(item.children);
      });
    walk(this.controller.items);
    return found;
  }

  /** Brings the tree in line with the packages; items that stay keep their results. */
  private update(): void {
    const packages = this.outline.packages.filter((outline) => outline.tests.length > 0);
    const isSingle = packages.length === 1;
    const tops = packages.flatMap((outline) => {
      const files = this.files(outline, isSingle ? this.controller.items : undefined);
      if (isSingle) return files;
      const uri = vscode.Uri.file(outline.root);
      const id = `package ${outline.root}`;
      const item =
        this.controller.items.get(id) ??
        this.controller.createTestItem(id, vscode.workspace.asRelativePath(uri, true), uri);
      this.meanings.set(item, { kind: 'package', root: outline.root });
      item.children.replace(this.files(outline, item.children));
      return [item];
    });
    this.controller.items.replace(tops);
  }

  private files(outline: PackageOutline, before: vscode.TestItemCollection | undefined): vscode.TestItem[] {
    const files = new Map<string, vscode.TestItem[]>();
    const parents = new Map<string, vscode.TestItem>();
    const twins = new Map<string, number>();
    for (const test of outline.tests) {
      const uri = vscode.Uri.parse(test.location.uri);
      const file = uri.fsPath;
      let parent = parents.get(file);
      if (!parent) {
        const label = path.relative(outline.root, file).replaceAll(path.sep, '/');
        parent = before?.get(`file ${file}`) ?? this.controller.createTestItem(`file ${file}`, label, uri);
        this.meanings.set(parent, { kind: 'file', root: outline.root, file });
        parents.set(file, parent);
        files.set(file, []);
      }
      const key = `test ${test.type} ${test.name}`;
      const twin = twins.get(`${file} ${key}`) ?? 0;
      twins.set(`${file} ${key}`, twin + 1);
      const id = twin === 0 ? key : `${key} ${twin}`;
      const item = parent.children.get(id) ?? this.controller.createTestItem(id, test.name, uri);
      const { start, end } = test.location.range;
      item.range = new vscode.Range(start.line, start.character, end.line, end.character);
      item.description = [test.type, ...test.tags.map((tag) => `#${tag}`)].join(' ');
      item.tags = test.tags.map((tag) => new vscode.TestTag(tag));
      this.meanings.set(item, { kind: 'test', root: outline.root, file, name: test.name, type: test.type });
      files.get(file)?.push(item);
    }
    for (const [file, items] of files) parents.get(file)?.children.replace(items);
    return [...parents.values()];
  }

  private async start(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    if (!request.continuous) {
      await this.run(request, token);
      return;
    }
    let isBusy = false;
    let isAsked = false;
    const again = async () => {
      if (isBusy) {
        isAsked = true;
        return;
      }
      isBusy = true;
      do {
        isAsked = false;
        await this.run(request, token);
      } while (isAsked && !token.isCancellationRequested);
      isBusy = false;
    };
    const saves = vscode.workspace.onDidSaveTextDocument((document) => {
      if (document.languageId === 'moltler') void again();
    });
    token.onCancellationRequested(() => saves.dispose());
  }

  private async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.controller.createTestRun(request);
    const excluded = new Set(request.exclude ?? []);
    const wanted: vscode.TestItem[] = [];
    const gather = (item: vscode.TestItem) => {
      if (excluded.has(item)) return;
      if (this.meanings.get(item)?.kind === 'test') wanted.push(item);
      item.children.forEach(gather);
    };
    if (request.include) request.include.forEach(gather);
    else this.controller.items.forEach(gather);
    for (const item of wanted) run.enqueued(item);
    const isCovering = request.profile?.kind === vscode.TestRunProfileKind.Coverage;
    try {
      // The command line reads files: what is not saved yet would not be tested.
      await vscode.workspace.saveAll(false);
      for (const batch of this.batches(wanted)) {
        if (token.isCancellationRequested) break;
        await this.runBatch(batch, run, token, isCovering);
      }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      for (const item of wanted) run.errored(item, new vscode.TestMessage(text));
      if (error instanceof Untrusted || error instanceof Missing) void vscode.window.showErrorMessage(text);
    } finally {
      run.end();
    }
  }

  /** One call for each test alone, or for the tests of a file, or of a package when they are in several. */
  private batches(wanted: vscode.TestItem[]): Batch[] {
    const byRoot = new Map<string, { item: vscode.TestItem; meaning: Meaning & { kind: 'test' } }[]>();
    for (const item of wanted) {
      const meaning = this.meanings.get(item);
      if (meaning?.kind !== 'test') continue;
      const list = byRoot.get(meaning.root) ?? [];
      list.push({ item, meaning });
      byRoot.set(meaning.root, list);
    }
    return [...byRoot].map(([root, list]) => {
      const files = new Set(list.map(({ meaning }) => meaning.file));
      const [first] = list;
      return {
        root,
        path: files.size === 1 && first ? first.meaning.file : root,
        items: list.map(({ item }) => item),
        ...(list.length === 1 && first ? { only: first.meaning.name } : {}),
      };
    });
  }

  private async runBatch(
    batch: Batch,
    run: vscode.TestRun,
    token: vscode.CancellationToken,
    isCovering: boolean,
  ): Promise<void> {
    const waiting = new Set(batch.items);
    for (const item of batch.items) run.started(item);
    const args = ['test', '--format', 'json', batch.path];
    if (batch.only) args.push('--filter', batch.only, '--exact');
    if (isCovering) args.push('--coverage');
    const outcome = await this.commandLine.run(args, {
      cwd: batch.root,
      token,
      onLine: (text) => {
        let line: Partial<TestLine> & { coverage?: { files?: CoveredFile[] } };
        try {
          line = JSON.parse(text);
        } catch {
          run.appendOutput(`${text}\r\n`);
          return;
        }
        if (typeof line.test === 'string') this.outcome(line as TestLine, batch, waiting, run);
        else if (line.coverage) this.covered(line.coverage.files ?? [], run);
      },
    });
    const notes = outcome.stderr.trim();
    if (notes) run.appendOutput(`${notes}\n`.replaceAll('\n', '\r\n'));
    for (const item of waiting) {
      if (token.isCancellationRequested) run.skipped(item);
      else run.errored(item, new vscode.TestMessage(notes || 'moltlerc told nothing about this test.'));
    }
  }

  private outcome(line: TestLine, batch: Batch, waiting: Set<vscode.TestItem>, run: vscode.TestRun): void {
    const file = line.path ?? path.resolve(batch.root, line.file);
    const same = [...waiting].filter((item) => {
      const meaning = this.meanings.get(item);
      return meaning?.kind === 'test' && meaning.name === line.test && meaning.type === line.type && meaning.file === file;
    });
    // Of twins, the one that stands there.
    const item = same.find((item) => item.range?.start.line === (line.line ?? 0) - 1) ?? same[0];
    if (!item) return;
    waiting.delete(item);
    const place = item.uri && item.range ? new vscode.Location(item.uri, item.range.start) : undefined;
    if (line.output) run.appendOutput(line.output.replaceAll(/\r?\n/g, '\r\n'), place, item);
    run.appendOutput(`${line.type}: ${line.test} ... ${line.result}\r\n`, place, item);
    const milliseconds = line.seconds * 1000;
    if (line.result === 'passed') {
      run.passed(item, milliseconds);
    } else if (line.result === 'skipped') {
      run.appendOutput(`  ${line.reason ?? line.message ?? ''}\r\n`, place, item);
      run.skipped(item);
    } else {
      run.failed(item, this.message(line, item), milliseconds);
    }
  }

  private message(line: TestLine, item: vscode.TestItem): vscode.TestMessage {
    const { error } = line;
    const text = [error?.message ?? line.message ?? line.reason ?? 'failed', ...(error?.notes ?? [])].join('\n');
    const isComparison = error?.expected !== undefined && error.actual !== undefined;
    const message = isComparison
      ? vscode.TestMessage.diff(text, written(error.expected), written(error.actual))
      : new vscode.TestMessage(line.reason ?? text);
    const place = error && location(error);
    if (place) message.location = place;
    else if (item.uri && item.range) message.location = new vscode.Location(item.uri, item.range.start);
    return message;
  }

  private covered(files: CoveredFile[], run: vscode.TestRun): void {
    for (const file of files) {
      const count = (list: { runs: number }[]) =>
        new vscode.TestCoverageCount(list.filter(({ runs }) => runs > 0).length, list.length);
      const coverage = new vscode.FileCoverage(
        vscode.Uri.file(file.path),
        count(file.statements),
        undefined,
        count(file.handlers),
      );
      this.coverage.set(coverage, file);
      run.addCoverage(coverage);
    }
  }

  private details(file: vscode.FileCoverage): vscode.FileCoverageDetail[] {
    const found = this.coverage.get(file);
    if (!found) return [];
    return [
      ...found.statements.map(
        ({ line, column, runs }) => new vscode.StatementCoverage(runs, new vscode.Position(line - 1, column - 1)),
      ),
      ...found.handlers.map(
        ({ name, line, runs }) => new vscode.DeclarationCoverage(name, runs, new vscode.Position(line - 1, 0)),
      ),
    ];
  }
}

/** A value for people: text as it is, anything else as JSON over several lines. */
function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}

/** Columns are right for text without characters beyond 16 bits; others are off by a few. */
function location(place: Place): vscode.Location | undefined {
  if (!place.path || !place.line) return undefined;
  const start = new vscode.Position(place.line - 1, (place.column ?? 1) - 1);
  const end = new vscode.Position((place.end_line ?? place.line) - 1, (place.end_column ?? place.column ?? 1) - 1);
  return new vscode.Location(vscode.Uri.file(place.path), new vscode.Range(start, end));
}
