// Runs checks and prints a line for each: the JavaScript half of what the Python checks do.

/** An assertion that shows what it saw. */
export function expect(holds, seen) {
  if (!holds) throw new Error(`not as expected: ${typeof seen === "string" ? seen : JSON.stringify(seen)}`);
}

/** Counts over one run of a program. */
export class Tally {
  passed = 0;
  failed = 0;

  /** Runs one check; every failure is a line, whatever it is. */
  async run(words, check) {
    try {
      await check();
      this.passed += 1;
      console.log(`ok      ${words}`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAILED  ${words}\n        ${error.name}: ${String(error.message).slice(0, 500)}`);
    }
  }

  /** The closing line; the exit code is 1 where a check failed. */
  close() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 ? 0 : 1;
  }
}
