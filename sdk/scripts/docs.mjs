// Writes docs/reference.md from the types of src/index.ts and src/wrappers, their comments and the defaults as they are; `--check` only tells whether
// it is up to date. What a comment calls an example is code to copy, and test/docs.test.ts compiles it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { API, SymbolFlags, TypeFlags } from 'typescript/unstable/sync';

const root = new URL('..', import.meta.url).pathname;
const PAGE = `${root}docs/reference.md`;
/** Objects of the configuration whose parts are rows of their own. */
const WITH_PARTS = /^(sampling|batching|privacy|replay(\.triggers)?|hooks)$/;

/** What the code says when it runs: the defaults, and what kind of thing each event type is. */
async function running() {
  const contents = `export { OFF_BY_DEFAULT, options } from './config.js'; export { kinds } from './schema.js'; export { plan } from './recorder/plan.js';
    import { register } from './schema.js'; import { TABLE } from './more/schema.js'; register(TABLE);`;
  const { outputFiles } = await build({ stdin: { contents, resolveDir: `${root}src` }, bundle: true, write: false, format: 'esm', logLevel: 'error' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

const api = new API({ cwd: root });
const { program, checker } = api.updateSnapshot({ openProject: `${root}tsconfig.json` }).getProject(`${root}tsconfig.json`);

const exportsOf = (path) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(`${root}src/${path}`)));
const isAlias = ({ flags }) => flags & SymbolFlags.Alias;
const main = new Map(exportsOf('index.ts').map((symbol) => [symbol.name, isAlias(symbol) ? checker.getAliasedSymbol(symbol) : symbol]));
const typeNamed = (name) => checker.getDeclaredTypeOfSymbol(main.get(name));

const partsOf = (type) => checker.getPropertiesOfType(type).map((symbol) => ({ symbol, name: symbol.name, type: checker.getTypeOfSymbol(symbol) }));
const methods = checker.typeToString(typeNamed('GoSightApi'));
const textOf = (type) => checker.typeToString(type).replace(methods, 'GoSightApi').replaceAll(' | undefined', '').replaceAll('"', "'");
const commentOf = (symbol) => checker.getDocumentationCommentOfSymbol(symbol).replace(/\s*\n\s*/g, ' ');
const examplesOf = (symbol) =>
  checker
    .getJsDocTagsOfSymbol(symbol)
    .filter(({ name }) => name === 'example')
    .map(({ text }) => text.trim());

const code = (text) => `\`${text.replaceAll('|', '\\|')}\``;
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function shown(value) {
  if (value === undefined || value === '') return '';
  return code(JSON.stringify(value).replaceAll('"', "'").replace(/[,:]/g, '$& '));
}

/** A row for each option; an object with parts is its parts. */
function optionsOf(type, defaults, path = '') {
  return partsOf(type).flatMap(({ symbol, name, type }) => {
    const at = path + name;
    const value = defaults?.[name];
    const comment = commentOf(symbol);
    if (!WITH_PARTS.test(at)) return [[code(at), code(textOf(type)), shown(value), comment]];
    // Of `'frugal' | Partial<Batching>`, the object.
    const whole = checker.getNonNullableType(type);
    const object = whole.flags & TypeFlags.Union ? whole.getTypes().find(({ flags }) => !(flags & TypeFlags.StringLike)) : whole;
    return [...(comment ? [[code(at), '', '', comment]] : []), ...optionsOf(object, value, `${at}.`)];
  });
}

/** A category's types with what each carries. */
function eventsOf(category) {
  return partsOf(typeNamed('Payloads'))
    .filter(({ name }) => kinds[name].eventCategory === category)
    .map(({ name, type }) => {
      const fields = partsOf(type).map((field) => `${field.name}: ${textOf(field.type)}`);
      return [code(name), kinds[name].urgent ? 'urgent' : '', fields.map(code).join(', ')];
    });
}

const fieldsOf = (name) => partsOf(typeNamed(name)).map((field) => [code(field.name), code(textOf(field.type)), commentOf(field.symbol)]);

function call(name, symbol) {
  const type = textOf(checker.getTypeOfSymbol(symbol)).replace(/\) => (.*)$/, '): $1');
  return [`### \`${name}${type}\``, commentOf(symbol), ...examplesOf(symbol)].filter(Boolean).join('\n\n');
}

/** What a wrapper exports, but types. */
function wrapper(name) {
  const all = exportsOf(`wrappers/${name}.ts`);
  const lent = all.filter(isAlias).map((symbol) => `\`${symbol.name}\` is that of React.`);
  return [...all.filter(({ flags }) => flags & SymbolFlags.Function).map((symbol) => call(symbol.name, symbol)), ...lent].join('\n\n');
}

const { OFF_BY_DEFAULT, options, kinds, plan } = await running();
const categories = partsOf(checker.getNonNullableType(partsOf(typeNamed('Config')).find(({ name }) => name === 'events').type)).map(({ name }) => name);

const page = `<!-- Written by scripts/docs.mjs from the types and their comments: change those, then \`npm run docs\`. -->

# Reference

Every option, method and event of the SDK. How to start, and what leaves the browser: [README](../README.md).

## Options

${commentOf(main.get('Config'))}

${examplesOf(main.get('Config')).join('\n\n')}

${table(['option', 'type', 'default', ''], optionsOf(typeNamed('Config'), { ...options, replay: plan }))}

## Methods

None of them throws into the page: a wrong call is reported through \`hooks.onError\`, and in the console when \`debug\` is set.

${partsOf(typeNamed('GoSightApi'))
  .map(({ name, symbol }) => call(name, symbol))
  .join('\n\n')}

## Events

What each event carries, as \`hooks.beforeSend\` sees it in \`event.payload\`. An urgent one is sent within \`batching.urgentWaitMs\`.

${categories
  .map((category) => `### ${category}: ${OFF_BY_DEFAULT.includes(category) ? 'off' : 'on'} by default\n\n${table(['type', '', 'payload'], eventsOf(category))}`)
  .join('\n\n')}

### What all share

${table(['`GoSightEvent`', 'type', ''], fieldsOf('GoSightEvent'))}

${table(['`Page`', 'type', ''], fieldsOf('Page'))}

${table(['`Target`', 'type', ''], fieldsOf('Target'))}

## React

${wrapper('react')}

## Next.js

${wrapper('next')}

## Vue

${wrapper('vue')}
`;
api.close();

const old = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
else if (page !== old) {
  console.error('docs/reference.md is not what the types say: npm run docs');
  process.exitCode = 1;
}
