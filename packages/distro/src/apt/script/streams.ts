import { Input, Output, type Status, type Text } from "./value.ts";

/** What commands read and write at the moment. */
export class Streams {
  output: Output = new Output();
  input: Input = new Input("");

  /** What is written while something is done, in place of sending it on. */
  captured(work: () => Status): { readonly output: Text; readonly status: Status } {
    const before = this.output;
    const output = new Output();
    this.output = output;
    try {
      const status = work();
      return { output: output.text, status };
    } finally {
      this.output = before;
    }
  }

  withInput(input: Input, work: () => Status): Status {
    const before = this.input;
    this.input = input;
    try {
      return work();
    } finally {
      this.input = before;
    }
  }
}
