/**
 * A language whose declarations can be found. `grammar` is the name of a file in the package `from`. `query` captures each declaration as `@item`, with a `@name` when
 * no field of the node is its name, and comments or decorators that belong to the declaration below them as `@above`. `wrappers` are nodes around a declaration
 * that belong to it (`export`, `template`); `tail` is a node after it that does (a body).
 */
export type CodeLanguage = {
  name: string
  extensions: string
  from: '@vscode/tree-sitter-wasm/wasm' | '@cursorless/tree-sitter-wasms/out'
  grammar: string
  query: string
  wrappers?: string
  tail?: string
}

const vscode = '@vscode/tree-sitter-wasm/wasm'
const cursorless = '@cursorless/tree-sitter-wasms/out'

/** A query for declarations by the names of their nodes. */
function nodes(items: string, above = 'comment'): string {
  const each = (names: string) => names.split(' ').map((name) => `(${name})`)
  return `[${each(items).join(' ')}] @item [${each(above).join(' ')}] @above`
}

/** Functions and objects that are assigned to a name, and calls like those of tests, with a title and a function. */
const scriptQuery = `
  (lexical_declaration (variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (object)])) @item
  (assignment_expression left: (_) @name right: [(arrow_function) (function_expression)]) @item
  (expression_statement (call_expression arguments: (arguments . [(string) (template_string)] @name . [(arrow_function) (function_expression)]))) @item
`
const scriptNodes = 'class_declaration function_declaration generator_function_declaration method_definition'
const typeScriptNodes = `${scriptNodes} abstract_class_declaration interface_declaration type_alias_declaration enum_declaration internal_module`
const typeScriptQuery = `${nodes(typeScriptNodes, 'comment decorator')} ${scriptQuery}`
const typeScript = {
  from: vscode,
  query: typeScriptQuery,
  wrappers: 'export_statement ambient_declaration expression_statement',
} as const

/** The twenty languages; TypeScript has two grammars. */
export const codeLanguages: readonly CodeLanguage[] = [
  { name: 'TypeScript', extensions: 'ts mts cts', grammar: 'tree-sitter-typescript.wasm', ...typeScript },
  { name: 'TypeScript with JSX', extensions: 'tsx', grammar: 'tree-sitter-tsx.wasm', ...typeScript },
  {
    name: 'JavaScript',
    extensions: 'js jsx mjs cjs',
    from: vscode,
    grammar: 'tree-sitter-javascript.wasm',
    query: `${nodes(scriptNodes, 'comment decorator')} ${scriptQuery}`,
    wrappers: 'export_statement expression_statement',
  },
  {
    name: 'Python',
    extensions: 'py pyi',
    from: vscode,
    grammar: 'tree-sitter-python.wasm',
    query: nodes('class_definition function_definition'),
    wrappers: 'decorated_definition',
  },
  {
    name: 'Java',
    extensions: 'java',
    from: vscode,
    grammar: 'tree-sitter-java.wasm',
    query: nodes(
      'class_declaration interface_declaration enum_declaration record_declaration annotation_type_declaration method_declaration constructor_declaration',
      'line_comment block_comment',
    ),
  },
  {
    name: 'C#',
    extensions: 'cs',
    from: vscode,
    grammar: 'tree-sitter-c-sharp.wasm',
    query: nodes(
      'namespace_declaration class_declaration struct_declaration interface_declaration enum_declaration record_declaration method_declaration constructor_declaration property_declaration operator_declaration delegate_declaration',
    ),
  },
  {
    name: 'C++',
    // Headers too: C++'s grammar reads those of C better than C's own does (of 500 system headers it cannot read 53, C's grammar 139).
    extensions: 'cc cpp cxx hpp hh h',
    from: vscode,
    grammar: 'tree-sitter-cpp.wasm',
    query: `${nodes('namespace_definition function_definition enum_specifier type_definition')}
      (class_specifier body: (_)) @item (struct_specifier body: (_)) @item`,
    wrappers: 'template_declaration linkage_specification',
  },
  {
    name: 'C',
    extensions: 'c',
    from: cursorless,
    grammar: 'tree-sitter-c.wasm',
    query: `${nodes('function_definition enum_specifier type_definition preproc_function_def')} (struct_specifier body: (_)) @item`,
  },
  {
    name: 'Go',
    extensions: 'go',
    from: vscode,
    grammar: 'tree-sitter-go.wasm',
    query: `${nodes('function_declaration')} (type_declaration . (type_spec name: (_) @name)) @item
      (method_declaration receiver: (parameter_list (parameter_declaration type: (_) @owner)) name: (_) @name) @item`,
  },
  {
    name: 'Rust',
    extensions: 'rs',
    from: vscode,
    grammar: 'tree-sitter-rust.wasm',
    query: nodes(
      'function_item function_signature_item struct_item enum_item union_item trait_item impl_item mod_item macro_definition',
      'line_comment block_comment attribute_item',
    ),
  },
  {
    name: 'PHP',
    extensions: 'php',
    from: vscode,
    grammar: 'tree-sitter-php.wasm',
    query: nodes(
      'class_declaration interface_declaration trait_declaration enum_declaration function_definition method_declaration',
    ),
  },
  {
    name: 'Ruby',
    extensions: 'rb',
    from: vscode,
    grammar: 'tree-sitter-ruby.wasm',
    query: nodes('module class method singleton_method'),
  },
  {
    name: 'Bash',
    extensions: 'sh bash',
    from: vscode,
    grammar: 'tree-sitter-bash.wasm',
    query: nodes('function_definition'),
  },
  {
    name: 'PowerShell',
    extensions: 'ps1 psm1',
    from: vscode,
    grammar: 'tree-sitter-powershell.wasm',
    query: nodes('function_statement class_statement class_method_definition enum_statement'),
  },
  {
    name: 'Kotlin',
    extensions: 'kt kts',
    from: cursorless,
    grammar: 'tree-sitter-kotlin.wasm',
    query: nodes(
      'class_declaration object_declaration companion_object function_declaration secondary_constructor',
      'line_comment multiline_comment',
    ),
  },
  {
    name: 'Swift',
    extensions: 'swift',
    from: cursorless,
    grammar: 'tree-sitter-swift.wasm',
    query: nodes('class_declaration protocol_declaration function_declaration', 'comment multiline_comment'),
  },
  {
    name: 'Scala',
    extensions: 'scala sc',
    from: cursorless,
    grammar: 'tree-sitter-scala.wasm',
    query: nodes(
      'class_definition object_definition trait_definition enum_definition function_definition',
      'comment block_comment',
    ),
  },
  {
    name: 'Lua',
    extensions: 'lua',
    from: cursorless,
    grammar: 'tree-sitter-lua.wasm',
    query: `${nodes('function_declaration')}
      (assignment_statement (variable_list name: (_) @name) (expression_list value: (function_definition))) @item`,
    wrappers: 'variable_declaration',
  },
  {
    name: 'Dart',
    extensions: 'dart',
    from: cursorless,
    grammar: 'tree-sitter-dart.wasm',
    query: nodes(
      'class_definition mixin_declaration extension_declaration enum_declaration function_signature getter_signature setter_signature constructor_signature',
      'comment documentation_comment annotation',
    ),
    wrappers: 'method_signature declaration',
    tail: 'function_body',
  },
  {
    name: 'Elixir',
    extensions: 'ex exs',
    from: cursorless,
    grammar: 'tree-sitter-elixir.wasm',
    query: `(call target: (identifier) @keyword (arguments . (_) @name)
      (#any-of? @keyword "defmodule" "defprotocol" "defimpl" "def" "defp" "defmacro" "defmacrop")) @item
      (comment) @above (unary_operator operator: "@") @above`,
  },
  {
    name: 'R',
    extensions: 'r',
    from: cursorless,
    grammar: 'tree-sitter-r.wasm',
    query: `(binary_operator lhs: (identifier) @name rhs: (function_definition)) @item (comment) @above`,
  },
]

const byExtension = new Map(
  codeLanguages.flatMap((language) => language.extensions.split(' ').map((extension) => [extension, language])),
)

/** The language of a file by its name; undefined when it is none of these. */
export function codeLanguageOf(filename: string): CodeLanguage | undefined {
  return byExtension.get(/\.([a-z0-9]+)$/i.exec(filename)?.[1]?.toLowerCase() ?? '')
}
