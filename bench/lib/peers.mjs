// @ts-check
/** @file Who is measured. In: nothing. Out: each peer's script, threads, packages and group. A peer is one
 *  entry here and one script; versions are exact. */

/**
 * @typedef {object} Peer
 * @property {string} name As in the rows; `--peers` takes these.
 * @property {"cellc" | "javascript" | "native"} group
 * @property {"node" | "python"} with
 * @property {readonly string[]} script Under bench/, with its own arguments.
 * @property {readonly number[]} threads
 * @property {readonly string[]} workloads
 * @property {string | null} folder Of its packages, under .installs.
 * @property {readonly string[]} packages npm's name@version; none for Debian's.
 * @property {number=} rounds At most: of one that takes five minutes a round and is never near another.
 */

const ALL = ["W1", "W2", "W3", "W4", "W5", "W6", "W7"];
const INFERENCE = ["W1", "W2", "W4", "W5", "W7"];
const TFJS = "@tensorflow/tfjs@4.22.0";

/**
 * cellc is measured as it loads an artifact unless told otherwise, and with vectors of 256 bits, which a program
 * has to ask for.
 * @type {readonly Peer[]}
 */
export const PEERS = [
  {
    name: "cellc",
    group: "cellc",
    with: "node",
    script: ["peers/cellc.mjs"],
    threads: [1, 2],
    workloads: [...ALL, "products"],
    folder: null,
    packages: [],
  },
  {
    name: "cellc 256",
    group: "cellc",
    with: "node",
    script: ["peers/cellc.mjs", "--vectors", "256"],
    threads: [1, 2],
    workloads: ["W1", "W2", "W3", "W4", "W6"],
    folder: null,
    packages: [],
  },
  {
    name: "onnxruntime-node",
    group: "native",
    with: "node",
    script: ["peers/ort-node.mjs"],
    threads: [1, 2],
    workloads: INFERENCE,
    folder: "ort-node",
    packages: ["onnxruntime-node@1.30.0"],
  },
  {
    name: "onnxruntime-web",
    group: "javascript",
    with: "node",
    script: ["peers/ort-web.mjs"],
    threads: [1, 2],
    workloads: INFERENCE,
    folder: "ort-web",
    packages: ["onnxruntime-web@1.30.0"],
  },
  {
    name: "pytorch",
    group: "native",
    with: "python",
    script: ["peers/torch_peer.py"],
    threads: [1, 2],
    workloads: ["W1", "W2", "W3", "W4", "W5", "W7"],
    folder: null,
    packages: [],
  },
  {
    name: "pytorch loop",
    group: "native",
    with: "python",
    script: ["peers/torch_peer.py", "--loop"],
    threads: [1, 2],
    workloads: ["W6"],
    folder: null,
    packages: [],
  },
  {
    name: "pytorch jit.script",
    group: "native",
    with: "python",
    script: ["peers/torch_peer.py", "--script"],
    threads: [1, 2],
    workloads: ["W6"],
    folder: null,
    packages: [],
  },
  {
    name: "jax-js",
    group: "javascript",
    with: "node",
    script: ["peers/jaxjs.mjs"],
    threads: [1],
    workloads: ["W1", "W2", "W3", "W4", "W5"],
    folder: "jaxjs",
    packages: ["@jax-js/jax@0.1.25"],
  },
  {
    name: "tfjs-wasm",
    group: "javascript",
    with: "node",
    script: ["peers/tfjs-wasm.mjs"],
    threads: [1],
    workloads: ["W1", "W2", "W3", "W4", "W5", "W6"],
    folder: "tfjs-wasm",
    packages: [TFJS, "@tensorflow/tfjs-backend-wasm@4.22.0"],
  },
  {
    name: "brain.js",
    group: "javascript",
    with: "node",
    script: ["peers/brainjs.mjs"],
    threads: [1],
    workloads: ["W2", "W3", "W4", "W5"],
    folder: "brainjs",
    packages: ["brain.js@1.6.1"],
  },
  {
    name: "tfjs-cpu",
    group: "javascript",
    with: "node",
    script: ["peers/tfjs-cpu.mjs"],
    threads: [1],
    workloads: ["W1", "W2", "W3", "W4", "W5", "W6"],
    folder: "tfjs-cpu",
    packages: [TFJS],
    rounds: 1,
  },
];

/** @param {string} name */
export const groupOf = (name) => PEERS.find((p) => p.name === name)?.group ?? "javascript";
