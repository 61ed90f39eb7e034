/**
 * What the product says when something is in the way, read from its code: closed lists from their types, texts from where they are
 * thrown, warned of or reported. What stands between the words of a text is `…`.
 */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../..');

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => join(ROOT, folder, name));
}

export class Catalogue {
  private readonly program: ts.Program;

  constructor(...folders: string[]) {
    this.program = ts.createProgram(folders.flatMap(sourcesBelow), {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.Node20,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      strict: true,
      skipLibCheck: true,
      types: ['node'],
    });
  }

  /** Members of an exported union of texts. */
  members(file: string, type: string): string[] {
    const checker = this.program.getTypeChecker();
    const source = this.program.getSourceFile(join(ROOT, file));
    const symbol = source && checker.getSymbolAtLocation(source);
    const found = symbol && checker.getExportsOfModule(symbol).find(one => one.name === type);
    if (found === undefined) throw new Error(`${file} exports no type ${type}`);
    const union = checker.getDeclaredTypeOfSymbol(found);
    return (union.isUnion() ? union.types : [union]).flatMap(one => (one.isStringLiteral() ? [one.value] : []));
  }

  /** Texts of the first argument of calls like these: `new ProviderError`, `report.warning`, `problems.add`. */
  texts(folder: string, callees: readonly string[]): string[] {
    const found: string[] = [];
    for (const file of sourcesBelow(folder)) {
      const source = this.program.getSourceFile(file);
      const visit = (node: ts.Node): void => {
        if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.arguments !== undefined) {
          const callee = `${ts.isNewExpression(node) ? 'new ' : ''}${node.expression.getText()}`;
          const isOne = callees.some(name => callee === name || callee.endsWith(`.${name}`));
          for (const argument of isOne ? node.arguments.slice(0, 1) : []) found.push(...textsOf(argument));
        }
        ts.forEachChild(node, visit);
      };
      if (source !== undefined) visit(source);
    }
    return [...new Set(found)].sort();
  }
}

function textsOf(node: ts.Expression): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression);
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  if (!ts.isTemplateExpression(node)) return [];
  return [node.head.text + node.templateSpans.map(span => `…${span.literal.text}`).join('')];
}
