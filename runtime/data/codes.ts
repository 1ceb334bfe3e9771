/** @file Every code of data (D1…) and training (D2…). In: nothing. Out: the table, one line a code, each
 *  with a page in docs/errors. Never a code used twice with two meanings. */

export const DATA_CODES = {
  D101: { title: "file that cannot be read" },
  D102: { title: "data declaration that is not valid" },
  D103: { title: "malformed file" },
  D104: { title: "column that does not exist" },
  D105: { title: "value that is not a number" },
  D106: { title: "missing value" },
  D107: { title: "lists of unequal length" },
  D108: { title: "data that do not fit the model" },
  D109: { title: "too little data" },
  D110: { title: "token out of range" },
  D111: { title: "forecast that cannot be put back into original units" },
  D112: { title: "truncation that does not go with the data" },
  D201: { title: "training settings that are not valid" },
  D202: { title: "model that cannot be trained" },
  D203: { title: "number that is not finite" },
  D204: { title: "run folder of another model" },
  D205: { title: "run folder that cannot be read" },
} as const;

export type DataCode = keyof typeof DATA_CODES;
