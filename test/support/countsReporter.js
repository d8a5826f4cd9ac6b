/** Ends the run with one plain line of counts, for people who skim and for tools that read only the last line. */
export default class CountsReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const counts = [`${results.numPassedTests} passed`, `${failed} failed`];
    if (skipped > 0) counts.push(`${skipped} skipped`);
    // Jest's own summary is printed after this call.
    process.once('exit', () => process.stdout.write(`\n${counts.join(', ')}\n`));
  }
}
