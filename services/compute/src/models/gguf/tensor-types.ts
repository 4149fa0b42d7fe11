/** How a ggml tensor type packs elements: `blockElements` values take `blockBytes` bytes. */
export interface TensorType {
  readonly name: string;
  readonly blockElements: number;
  readonly blockBytes: number;
}

function tensorType(name: string, blockElements: number, blockBytes: number): TensorType {
  return { name, blockElements, blockBytes };
}

/** The tensor types that this reader knows, by their number in the file (ggml.h, enum ggml_type); removed numbers are gaps. */
export const tensorTypes: ReadonlyMap<number, TensorType> = new Map([
  [0, tensorType("F32", 1, 4)],
  [1, tensorType("F16", 1, 2)],
  [2, tensorType("Q4_0", 32, 18)],
  [3, tensorType("Q4_1", 32, 20)],
  [6, tensorType("Q5_0", 32, 22)],
  [7, tensorType("Q5_1", 32, 24)],
  [8, tensorType("Q8_0", 32, 34)],
  [9, tensorType("Q8_1", 32, 36)],
  [10, tensorType("Q2_K", 256, 84)],
  [11, tensorType("Q3_K", 256, 110)],
  [12, tensorType("Q4_K", 256, 144)],
  [13, tensorType("Q5_K", 256, 176)],
  [14, tensorType("Q6_K", 256, 210)],
  [15, tensorType("Q8_K", 256, 292)],
  [16, tensorType("IQ2_XXS", 256, 66)],
  [17, tensorType("IQ2_XS", 256, 74)],
  [18, tensorType("IQ3_XXS", 256, 98)],
  [19, tensorType("IQ1_S", 256, 50)],
  [20, tensorType("IQ4_NL", 32, 18)],
  [21, tensorType("IQ3_S", 256, 110)],
  [22, tensorType("IQ2_S", 256, 82)],
  [23, tensorType("IQ4_XS", 256, 136)],
  [24, tensorType("I8", 1, 1)],
  [25, tensorType("I16", 1, 2)],
  [26, tensorType("I32", 1, 4)],
  [27, tensorType("I64", 1, 8)],
  [28, tensorType("F64", 1, 8)],
  [29, tensorType("IQ1_M", 256, 56)],
  [30, tensorType("BF16", 1, 2)],
  [34, tensorType("TQ1_0", 256, 54)],
  [35, tensorType("TQ2_0", 256, 66)],
  [39, tensorType("MXFP4", 32, 17)],
]);

/** Names of `general.file_type` (llama.h, enum llama_ftype), the label people know a quantisation by. */
export const fileTypeNames: ReadonlyMap<number, string> = new Map([
  [0, "F32"],
  [1, "F16"],
  [2, "Q4_0"],
  [3, "Q4_1"],
  [7, "Q8_0"],
  [8, "Q5_0"],
  [9, "Q5_1"],
  [10, "Q2_K"],
  [11, "Q3_K_S"],
  [12, "Q3_K_M"],
  [13, "Q3_K_L"],
  [14, "Q4_K_S"],
  [15, "Q4_K_M"],
  [16, "Q5_K_S"],
  [17, "Q5_K_M"],
  [18, "Q6_K"],
  [32, "BF16"],
]);
