/** @file How commands fail. In: whatever was thrown. Out: what the user reads, and the exit code. A
 *  stack trace shows only for a bug of ours. */
import { DeviceError } from "../runtime/devices/device.ts";
import { RuntimeError } from "../runtime/errors.ts";

/** A user's mistake (code 1), or a command that cannot run here (code 2). */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: 1 | 2 | 130;

  /** `text` is shown as it is: rendered diagnostics, or one sentence. */
  constructor(text: string, code: 1 | 2 | 130 = 1) {
    super(text);
    this.code = code;
  }
}

export function explainFailure(error: unknown): { readonly text: string; readonly code: number } {
  if (error instanceof Failure) return { text: line(error.message), code: error.code };
  if (error instanceof RuntimeError) return { text: line(error.message), code: 1 };
  if (error instanceof DeviceError) return { text: line(`error: ${error.message}`), code: 2 };
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `cellc has a bug; please report it with what follows.\n${trace}\n`, code: 2 };
}

function line(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
