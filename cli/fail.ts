/** @file How commands fail. In: whatever was thrown. Out: what the user reads, and the exit code. A
 *  stack trace shows only for a bug of ours. */
import { DeviceError } from "../runtime/devices/device.ts";
import { type AnyFault, RuntimeError } from "../runtime/errors.ts";

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
  if (error instanceof RuntimeError) return { text: error.faults.map(faultText).join(""), code: 1 };
  if (error instanceof DeviceError) {
    const code = error.code === null ? "" : `[${error.code}]`;
    return { text: line(`error${code}: ${error.message}`), code: 2 };
  }
  if (isSystemError(error)) return { text: line(`error: ${error.message}`), code: 2 };
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `cellc has a bug; please report it with what follows.\n${trace}\n`, code: 2 };
}

/** What `work` finds wrong is wrong in `file`. */
export async function inFile<T>(file: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof RuntimeError ? new RuntimeError(placed(file, error.faults)) : error;
  }
}

/** The faults with the file before their paths. */
export function placed(file: string, faults: readonly AnyFault[]): readonly AnyFault[] {
  return faults.map((f) => ({ ...f, path: f.path === "" ? file : `${file}: ${f.path}` }));
}

/** As diagnostics of a spec look, so that `cellc explain` is known to have a page. */
export function faultText({ code, path, message, help }: AnyFault): string {
  const where = path === "" ? "" : `${path}: `;
  return `error[${code}]: ${where}${message}\n${help === null ? "" : `  = help: ${help}\n`}`;
}

/** A file that is not there, may not be read, a full disk: the system's word, no bug of ours. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "errno" in error;
}

function line(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
