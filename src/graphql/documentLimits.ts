import type { DocumentLimits } from '../core/settings.ts';
import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { tooExpensive } from '../core/errors.ts';

const words: Record<keyof DocumentLimits, { what: string; setting: string }> = {
  depth: { what: 'levels of depth', setting: 'MAX_DEPTH' },
  aliases: { what: 'aliases', setting: 'MAX_ALIASES' },
  rootFields: { what: 'root fields', setting: 'MAX_ROOT_FIELDS' },
  directives: { what: 'directives', setting: 'MAX_DIRECTIVES' },
  selections: { what: 'selections, with its fragments spread,', setting: 'MAX_SELECTIONS' },
};

/**
 * A validation rule that refuses documents beyond the limits. Validation and not a look at each request, since what was found
 * valid is remembered by its hash.
 */
export function limitsRule(limits: DocumentLimits): (context: ValidationContext) => ASTVisitor {
  return (context) => ({
    Document(document) {
      const size = sizeOfDocument(document);
      for (const name of Object.keys(words) as (keyof DocumentLimits)[]) {
        if (size[name] <= limits[name]) continue;
        context.reportError(tooExpensive({ ...words[name], max: limits[name], got: size[name] }));
      }
    },
  });
}

/** The largest of each that any operation of the document has. Takes time in proportion to the text, whatever it spreads. */
export function sizeOfDocument(document: DocumentNode): DocumentLimits {
  const sizeOf = createMeasure(document);
  const sizes = document.definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .map(({ selectionSet, directives = [], variableDefinitions = [] }) => {
      const { width, ...size } = sizeOf(selectionSet);
      const onVariables = variableDefinitions.flatMap((variable) => variable.directives ?? []);
      return {
        ...size,
        rootFields: width,
        directives: size.directives + directives.length + onVariables.length,
      };
    });
  const largest = (name: keyof DocumentLimits) => Math.max(0, ...sizes.map((size) => size[name]));
  return {
    depth: largest('depth'),
    aliases: largest('aliases'),
    rootFields: largest('rootFields'),
    directives: largest('directives'),
    selections: largest('selections'),
  };
}

interface Size {
  /** Fields on the first level. */
  width: number;
  depth: number;
  aliases: number;
  directives: number;
  selections: number;
}

const NOTHING: Size = { width: 0, depth: 0, aliases: 0, directives: 0, selections: 0 };

function createMeasure(document: DocumentNode): (set: SelectionSetNode) => Size {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const known = new Map<string, Size>();

  function sizeOfSet({ selections }: SelectionSetNode): Size {
    return selections.map(sizeOfSelection).reduce(sum, NOTHING);
  }

  function sizeOfSelection(node: SelectionNode): Size {
    const directives = node.directives?.length ?? 0;
    const inner = innerSize(node);
    return { ...inner, directives: inner.directives + directives, selections: inner.selections + 1 };
  }

  function innerSize(node: SelectionNode): Size {
    if (node.kind === Kind.INLINE_FRAGMENT) return sizeOfSet(node.selectionSet);
    if (node.kind === Kind.FRAGMENT_SPREAD) return sizeOfFragment(node.name.value);
    const below = node.selectionSet ? sizeOfSet(node.selectionSet) : NOTHING;
    const isOfSchema = node.name.value === '__schema' || node.name.value === '__type';
    return {
      ...below,
      width: 1,
      depth: isOfSchema ? 1 : below.depth + 1,
      aliases: below.aliases + (node.alias ? 1 : 0),
    };
  }

  function sizeOfFragment(name: string): Size {
    const cached = known.get(name);
    if (cached) return cached;
    // A fragment within itself is nothing here: another rule refuses it.
    known.set(name, NOTHING);
    const fragment = fragments.get(name);
    const inner = fragment ? sizeOfSet(fragment.selectionSet) : NOTHING;
    const size = { ...inner, directives: inner.directives + (fragment?.directives?.length ?? 0) };
    known.set(name, size);
    return size;
  }

  return sizeOfSet;
}

function sum(one: Size, other: Size): Size {
  return {
    width: one.width + other.width,
    depth: Math.max(one.depth, other.depth),
    aliases: one.aliases + other.aliases,
    directives: one.directives + other.directives,
    selections: one.selections + other.selections,
  };
}
