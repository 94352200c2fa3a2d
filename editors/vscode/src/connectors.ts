// The Connectors view: types with their instances, entities, fields and actions.

import * as vscode from 'vscode';
import type { Location } from 'vscode-languageserver-protocol';
import type { Field, Item, Outline, PackageOutline } from './outline';

/** A line of the view. */
interface Line {
  kind: 'package' | 'type' | 'group' | 'instance' | 'entity' | 'field' | 'action';
  label: string;
  detail?: string;
  tooltip?: string;
  icon: string;
  location?: Location;
  children: Line[];
  /** Of an entity: what `Insert SELECT` writes. */
  select?: { columns: string[]; from: string };
}

function fieldLine(field: Field, location: Location): Line {
  const marks = [
    field.type,
    ...(field.primaryKey ? ['key'] : []),
    ...(field.required ? ['required'] : []),
    ...(field.secret ? ['secret'] : []),
  ];
  return {
    kind: 'field',
    label: field.name,
    detail: marks.join(', '),
    icon: field.primaryKey ? 'key' : field.secret ? 'lock' : 'symbol-field',
    location,
    children: [],
    ...(field.description ? { tooltip: field.description } : {}),
  };
}

function itemLine(kind: 'entity' | 'action', item: Item, owner: string): Line {
  return {
    kind,
    label: item.name.startsWith(`${owner}.`) ? item.name.slice(owner.length + 1) : item.name,
    icon: kind === 'entity' ? 'table' : 'symbol-method',
    location: item.location,
    children: item.fields.map((field) => fieldLine(field, item.location)),
    ...(item.description ? { detail: item.description, tooltip: item.description } : {}),
  };
}

function lines(outline: PackageOutline): Line[] {
  return outline.types.map((type) => {
    const own = (item: Item) => item.name.split('.')[0] === type.name;
    const instances = outline.instances.filter((instance) => instance.type === type.name);
    const entities = outline.entities.filter(own).map((item) => {
      const line = itemLine('entity', item, type.name);
      line.select = {
        columns: item.fields.map((field) => field.name),
        from: `${instances[0]?.name ?? type.name}.${line.label}`,
      };
      return line;
    });
    const actions = outline.actions.filter(own).map((item) => itemLine('action', item, type.name));
    const children: Line[] = [
      ...entities,
      ...actions,
      ...instances.map(
        (instance): Line => ({
          kind: 'instance',
          label: instance.name,
          detail: 'instance',
          icon: 'plug',
          location: instance.location,
          children: [],
        }),
      ),
    ];
    if (type.fields.length > 0) {
      children.push({
        kind: 'group',
        label: 'Configuration',
        icon: 'settings',
        children: type.fields.map((field) => fieldLine(field, type.location)),
      });
    }
    return {
      kind: 'type',
      label: type.name,
      icon: 'database',
      location: type.location,
      children,
      ...(type.description ? { detail: type.description, tooltip: type.description } : {}),
    };
  });
}

export class ConnectorsView implements vscode.TreeDataProvider<Line>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly disposables: vscode.Disposable[] = [];
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly outline: Outline) {
    const view = vscode.window.createTreeView('moltler.connectors', { treeDataProvider: this, showCollapseAll: true });
    const register = vscode.commands.registerCommand;
    this.disposables.push(
      this.changed,
      view,
      outline.onChange(() => this.changed.fire()),
      register('moltler.connectors.refresh', () => outline.refresh()),
      register('moltler.connectors.insertSelect', (line: Line) => insertSelect(line)),
      register('moltler.connectors.reveal', (line: Line) => reveal(line)),
    );
  }

  dispose(): void {
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  getChildren(line?: Line): Line[] {
    if (line) return line.children;
    const packages = this.outline.packages.filter((outline) => outline.types.length > 0);
    const [only] = packages;
    if (packages.length === 1 && only) return lines(only);
    return packages.map((outline) => ({
      kind: 'package',
      label: vscode.workspace.asRelativePath(vscode.Uri.file(outline.root), true),
      icon: 'package',
      children: lines(outline),
    }));
  }

  getTreeItem(line: Line): vscode.TreeItem {
    const state = vscode.TreeItemCollapsibleState;
    const isOpen = line.kind === 'package' || line.kind === 'type';
    const item = new vscode.TreeItem(
      line.label,
      line.children.length === 0 ? state.None : isOpen ? state.Expanded : state.Collapsed,
    );
    item.iconPath = new vscode.ThemeIcon(line.icon);
    item.contextValue = line.location || line.kind === 'group' ? line.kind : 'group';
    if (line.detail) item.description = line.detail;
    if (line.tooltip) item.tooltip = line.tooltip;
    return item;
  }
}

/** Puts a SELECT of all columns behind the statement at the cursor, or into a new document. */
async function insertSelect(line: Line): Promise<void> {
  if (!line.select) return;
  const columns = line.select.columns.map((name) => (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : `\`${name}\``));
  const text = `SELECT ${columns.join(', ') || '*'}\nFROM ${line.select.from}\nLIMIT \${1:10};\n`;
  const visible = vscode.window.activeTextEditor;
  const editor =
    visible?.document.languageId === 'moltler'
      ? visible
      : await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'moltler' }));
  const at = editor.selection.active;
  const isEmpty = editor.document.lineAt(at).isEmptyOrWhitespace;
  // The next line that is empty: a statement is not cut in two.
  let end = at.line;
  while (end < editor.document.lineCount && !editor.document.lineAt(end).isEmptyOrWhitespace) end++;
  const place = isEmpty
    ? at
    : end < editor.document.lineCount
      ? new vscode.Position(end, 0)
      : editor.document.lineAt(editor.document.lineCount - 1).range.end;
  await editor.insertSnippet(new vscode.SnippetString(isEmpty ? text : `\n${text}`), place);
  await vscode.window.showTextDocument(editor.document);
}

async function reveal(line: Line): Promise<void> {
  if (!line.location) return;
  const { uri, range } = line.location;
  await vscode.window.showTextDocument(vscode.Uri.parse(uri), {
    selection: new vscode.Range(range.start.line, range.start.character, range.start.line, range.start.character),
  });
}
