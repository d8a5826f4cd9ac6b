/**
 * The words of statuses. The reference document filters by Init, Running, Success, Fail, Termination, Cancel but says
 * that runs answer Init, Running, Succeeded, Failed, Terminated, Canceled; SDK models and older pages mix both and shout
 * some. A client has to read them all, so the simulator speaks them all.
 */

/** A status in the vocabulary of requests, which is the simulator's own. */
export type Status = (typeof requestStatuses)[number];

export const requestStatuses = ['Init', 'Running', 'Success', 'Fail', 'Termination', 'Cancel'] as const;

/** `response` and `request` vocabulary, as documented or in capitals. */
export type Spelling = 'response' | 'request' | 'RESPONSE' | 'REQUEST';

const responseWords: Record<Status, string> = {
  Init: 'Init',
  Running: 'Running',
  Success: 'Succeeded',
  Fail: 'Failed',
  Termination: 'Terminated',
  Cancel: 'Canceled',
};

export function spell(status: Status, spelling: Spelling): string {
  switch (spelling) {
    case 'response':
      return responseWords[status];
    case 'request':
      return status;
    case 'RESPONSE':
      return responseWords[status].toUpperCase();
    case 'REQUEST':
      return status.toUpperCase();
  }
}

export function isRequestStatus(text: string): text is Status {
  return (requestStatuses as readonly string[]).includes(text);
}
