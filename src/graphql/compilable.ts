import {
  type ASTNode,
  BREAK,
  type DefinitionNode,
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  type TypeNode,
  visit,
} from 'graphql';

/** Of a document. Five lists with all that their rows and stages have are some 150 fields. */
const MAX_FIELDS = 300;

/**
 * Whether graphql-jit executes an operation of this document as graphql-js does. Known differences of version 0.8.9:
 * - `@skip` and `@include`: a field that is selected twice under different conditions is answered although it is left out, with
 *   and without the option `useExperimentalPathBasedSkipInclude`.
 * - A variable inside a list or object literal: a missing value becomes null where graphql-js applies the default of the input
 *   field, null is accepted where the type is non-null, and custom scalars never see the value.
 * - The name `__proto__`: generated code assigns it as a property, which sets the prototype.
 *
 * Documents of very many fields are not compiled either: generated code lists the places of a field's nodes anew for every object.
 */
export function isCompilable(document: DocumentNode): boolean {
  let compilable = true;
  let fields = 0;
  const refuse = () => {
    compilable = false;
    return BREAK;
  };
  const refuseIf = (condition: boolean) => (condition ? refuse() : undefined);
  visit(document, {
    Directive: ({ name }) => refuseIf(name.value === 'skip' || name.value === 'include'),
    Variable: ({ name }, _key, parent) =>
      refuseIf(name.value === '__proto__' || isListItemOrObjectField(parent)),
    Field: ({ alias, name }) => {
      fields += 1;
      return refuseIf(fields > MAX_FIELDS || (alias ?? name).value === '__proto__');
    },
  });
  return compilable;
}

/** A list literal's items arrive with the array itself as their parent. */
function isListItemOrObjectField(parent: ASTNode | readonly ASTNode[] | undefined): boolean {
  if (parent === undefined) return false;
  return 'kind' in parent ? parent.kind === Kind.OBJECT_FIELD : true;
}

/** A scalar that takes any value and leaves it unchanged; federation adds it to every subgraph. */
const ANY: TypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: '_Any' } };

/**
 * The operation and the fragments of its document, with variables that are already coerced. graphql-jit's own coercion ignores
 * defaults of non-null types, so each variable is declared as `_Any`, without a default: it passes as it is or stays absent.
 */
export function withCoercedVariables(
  { definitions, ...document }: DocumentNode,
  operation: OperationDefinitionNode,
): DocumentNode {
  const variableDefinitions = operation.variableDefinitions?.map(({ kind, variable }) => ({
    kind,
    variable,
    type: ANY,
  }));
  const compiled: DefinitionNode = { ...operation, ...(variableDefinitions && { variableDefinitions }) };
  const fragments = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  return { ...document, definitions: [compiled, ...fragments] };
}
