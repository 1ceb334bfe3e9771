/** @file The page under test. In: calls from outside. Out: `cellc` on the window: any program of any
 *  artifact on any backend. Never the compiler. */
import { DEVICES, type DeviceName } from "../../runtime/devices/table.ts";
import { type Case, type CaseResult, runCase } from "../harness/run-case.ts";

export interface Page {
  /** null where the backend can run here, else why not. */
  whyNot(backend: DeviceName): Promise<string | null>;
  run(backend: DeviceName, test: Case): Promise<CaseResult>;
}

const page: Page = {
  whyNot: async (backend) => {
    const available = await (await DEVICES[backend]()).available();
    return available.ok ? null : available.why;
  },
  run: async (backend, test) => runCase(await DEVICES[backend](), test),
};

Object.assign(globalThis, { cellc: page });
