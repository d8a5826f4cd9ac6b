import { type ASTNode, BREAK, type DocumentNode, Kind, visit } from 'graphql';

/** Of a document. Five lists with all fields of their rows and stages have about 150. */
const MAX_FIELDS = 300;

/**
 * Whether graphql-jit executes the operations of this document as graphql-js does. Known differences of version 0.8.9:
 * - `@skip` and `@include`: a field that is selected twice under different conditions is returned although it is left out, with
 *   and without the option `useExperimentalPathBasedSkipInclude`.
 * - A variable inside a list or object literal: a missing value becomes null where graphql-js applies the default of the input
 *   field, null is accepted where the type is non-null, and custom scalars never see the value.
 * - The name `__proto__`: generated code assigns it as a property, which sets the prototype.
 *
 * Documents with very many fields are not compiled either: generated code builds the locations of a field's nodes for every object.
 */
export function isCompilable(document: DocumentNode): boolean {
  let compilable = true;
  let fields = 0;
  const rejectIf = (condition: boolean) => {
    if (!condition) return undefined;
    compilable = false;
    return BREAK;
  };
  visit(document, {
    Directive: ({ name }) => rejectIf(name.value === 'skip' || name.value === 'include'),
    Variable: ({ name }, _key, parent) =>
      rejectIf(name.value === '__proto__' || isListItemOrObjectField(parent)),
    Field: ({ alias, name }) => {
      fields += 1;
      return rejectIf(fields > MAX_FIELDS || (alias ?? name).value === '__proto__');
    },
  });
  return compilable;
}

/** An item of a list literal is visited with the array itself as its parent. */
function isListItemOrObjectField(parent: ASTNode | readonly ASTNode[] | undefined): boolean {
  if (parent === undefined) return false;
  return 'kind' in parent ? parent.kind === Kind.OBJECT_FIELD : true;
}
