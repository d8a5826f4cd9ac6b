import type { FormattedExecutionResult } from 'graphql';
import type { OutputBudget } from './context.ts';
import { tooExpensive } from '../core/errors.ts';
import { isLongerThan } from './responseBytes.ts';

/** Why an answer that has been made is not sent: it has more objects or bytes than an answer may. Null where it is sent. */
export function refusalOfAnswer(
  { data, errors }: Pick<FormattedExecutionResult, 'data'> & { errors?: readonly unknown[] | undefined },
  output: OutputBudget,
  maxBytes: number,
): Error | null {
  if (output.exceeded) return output.exceeded;
  return isLongerThan([data, errors], maxBytes) ? tooLong(maxBytes) : null;
}

export function tooLong(maxBytes: number) {
  return tooExpensive({
    what: 'bytes of answer',
    max: maxBytes,
    got: null,
    setting: 'MAX_RESPONSE_BYTES',
  });
}
