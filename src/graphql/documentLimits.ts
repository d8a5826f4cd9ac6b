import type { DocumentLimits } from '../core/settings.ts';
import type { ASTVisitor, ValidationContext } from 'graphql';
import { tooExpensive } from '../core/errors.ts';
import { analyse } from './analysis.ts';

const labels: Record<keyof DocumentLimits, { what: string; setting: string }> = {
  depth: { what: 'levels of depth', setting: 'MAX_DEPTH' },
  aliases: { what: 'aliases', setting: 'MAX_ALIASES' },
  rootFields: { what: 'root fields', setting: 'MAX_ROOT_FIELDS' },
  directives: { what: 'directives', setting: 'MAX_DIRECTIVES' },
  selections: { what: 'selections, with its fragments spread,', setting: 'MAX_SELECTIONS' },
};

/** A validation rule that rejects documents beyond the limits, so that a valid document is not checked again. */
export function limitsRule(limits: DocumentLimits): (context: ValidationContext) => ASTVisitor {
  return (context) => ({
    Document(document) {
      const operations = analyse(document, context.getSchema());
      for (const name of Object.keys(labels) as (keyof DocumentLimits)[]) {
        const got = Math.max(0, ...operations.map(({ size }) => size[name]));
        if (got > limits[name]) {
          context.reportError(tooExpensive({ ...labels[name], max: limits[name], got }));
        }
      }
    },
  });
}
