/** @file Which spec each PyTorch oracle of a cell or network is. In: nothing. Out: a table by file
 *  name: the spec, its dims, its output, and the oracle's names in terms of the spec's. */

export interface TorchCase {
  /** Of the repository; below test/oracles/ where the cell is of no use but to its oracle. */
  readonly file: string;
  readonly entry: string;
  /** The spec's dims; D is the oracle's I. */
  readonly dims: readonly string[];
  /** The spec's outputs by the oracle's names. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The spec's name of a parameter, where it has another. */
  readonly param?: (name: string) => string;
  /** The spec's name of a state, where it has another. */
  readonly stateOf?: (name: string) => string;
  /** Before the spec's states, in the order of the oracle's [layers * directions, …] axis. */
  readonly layers?: readonly string[];
}

const cell = (file: string, entry: string, y = "h", dims = ["D", "H"]): TorchCase => ({
  file: `specs/cells/${file}.cell`,
  entry,
  dims,
  outputs: { y },
});

const unlayered = (name: string): string => name.replace(/_l0$/, "");

const module = (entry: string, dims = ["D", "H"]): TorchCase => ({
  ...cell("torch", entry, "h", dims),
  param: unlayered,
  layers: [""],
});

/** weight_ih_l1_reverse is weight_ih of layer `b`, backward. */
const deep = (entry: string, inner: string): TorchCase => ({
  file: "test/oracles/cells/torch-networks.cell",
  entry,
  dims: ["D", "H"],
  outputs: { y: "y" },
  param: (name) => {
    const [, weight, layer, reverse] = /^(.*)_l(\d)(_reverse)?$/.exec(name)!;
    return `${layer === "0" ? "a" : "b"}.${inner}.${reverse ? "backward" : "forward"}.${weight}`;
  },
  layers: ["a", "b"].flatMap((n) => [`${n}.${inner}.forward.`, `${n}.${inner}.backward.`]),
});

export const TORCH_CASES: Readonly<Record<string, TorchCase>> = {
  cell_cifg: cell("lstm", "CoupledLSTM"),
  cell_gru_v1: cell("gru", "GRU"),
  cell_gru_v1_lengths: cell("gru", "GRU"),
  cell_gru_v3: cell("gru", "GRUResetAfter"),
  cell_indrnn: cell("indrnn", "IndRNN"),
  cell_janet: cell("janet", "JANET"),
  cell_ligru: cell("ligru", "LiGRU"),
  cell_lnlstm: cell("layer-norm-lstm", "LayerNormLSTM"),
  cell_lstm: cell("lstm", "LSTM"),
  cell_lstm_H1_I1: cell("lstm", "LSTM"),
  cell_lstm_T1_B1: cell("lstm", "LSTM"),
  cell_lstm_hardsigmoid: cell("lstm", "HardSigmoidLSTM"),
  cell_lstm_lengths: cell("lstm", "LSTM"),
  cell_lstm_peephole_gers: cell("peephole", "GersPeepholeLSTM"),
  cell_lstm_peephole_graves: cell("peephole", "PeepholeLSTM"),
  cell_lstm_reverse: cell("lstm", "LSTM"),
  cell_lstm_reverse_lengths: cell("lstm", "LSTM"),
  cell_lstmp_peephole: cell("lstmp", "PeepholeLSTMP", "r", ["D", "H", "P"]),
  cell_mgu: cell("mgu", "MGU"),
  cell_mingru: cell("min-rnn", "MinGRU"),
  cell_mlstm_multiplicative: cell("multiplicative-lstm", "MultiplicativeLSTM"),
  cell_mut1: cell("mut", "MUT1", "h", ["H"]),
  cell_rnn_tanh: cell("elman", "ElmanRNN"),
  cell_slstm_exp: cell("xlstm", "SLSTM"),
  cell_ugrnn: cell("ugrnn", "UGRNN"),
  cell_variational_dropout: {
    ...cell("", "MaskedLSTM"),
    file: "test/oracles/cells/masked-lstm.cell",
  },
  cell_zoneout_inference: cell("regularised-lstm", "ZoneoutLSTM"),
  net_lstm_attention_pooling: {
    file: "test/oracles/cells/attention-pooling.cell",
    entry: "AttentionPooling",
    dims: ["D", "A", "K", "H"],
    outputs: { logits: "logits", context: "context", alpha: "alpha" },
    param: (name) =>
      name === "W_k" || name === "b_k"
        ? `logits.dense.${name[0]}`
        : /_a$/.test(name)
          ? `p.OnlineAttention.${name}`
          : `y.LSTM.${name}`,
    stateOf: (name) => `y.LSTM.${name}`,
  },
  nn_gru_1layer: module("TorchGRU"),
  nn_gru_2layer_bidirectional: deep("TorchGRUNetwork", "TorchGRU"),
  nn_lstm_1layer: module("TorchLSTM"),
  nn_lstm_2layer_bidirectional: deep("TorchLSTMNetwork", "TorchLSTM"),
  nn_lstm_bidirectional_lengths: deep("TorchLSTMNetwork", "TorchLSTM"),
  nn_lstm_nobias: module("TorchLSTMNoBias"),
  nn_lstm_proj: module("TorchLSTMP", ["D", "H", "P"]),
  nn_rnn_relu: module("TorchRNNReLU"),
  nn_rnn_tanh: module("TorchRNN"),
};

/** Files that are no single run of a spec; their tests stand by themselves. */
export const OTHER_CASES = ["loss_basic", "tbptt_lstm", "train_optimizers"];
