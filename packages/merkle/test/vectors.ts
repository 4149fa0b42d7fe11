// The tree of eight leaves of the Certificate Transparency reference tests. Facts published with
// google/certificate-transparency and in transparency-dev/merkle (testonly/constants.go, testdata/), commit of July 2026.

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

/** The eight entries. */
export const entries = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map(bytes);

/** Root by tree size, from the empty tree to all eight. */
export const roots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
].map(bytes);

const n = {
  "0/0": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "0/1": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
  "0/2": "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
  "0/6": "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
  "0/4": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
  "1/0": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "1/1": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
  "1/2": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
  "1/3": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
  "2/0": "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "2/1": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
} as const;

const hashes = (...names: (keyof typeof n)[]) => names.map((name) => bytes(n[name]));

/** Published inclusion proofs: index, tree size, path. */
export const inclusionProofs = [
  { index: 0, treeSize: 1, hashes: hashes() },
  { index: 0, treeSize: 8, hashes: hashes("0/1", "1/1", "2/1") },
  { index: 5, treeSize: 8, hashes: hashes("0/4", "1/3", "2/0") },
  { index: 2, treeSize: 3, hashes: hashes("1/0") },
  {
    index: 1,
    treeSize: 5,
    hashes: hashes("0/0", "1/1", "0/4"),
  },
];

/** Published consistency proofs: both sizes, proof. */
export const consistencyProofs = [
  { first: 1, second: 1, hashes: hashes() },
  { first: 1, second: 8, hashes: hashes("0/1", "1/1", "2/1") },
  { first: 6, second: 8, hashes: hashes("1/2", "1/3", "2/0") },
  { first: 6, second: 7, hashes: hashes("1/2", "0/6", "2/0") },
  { first: 2, second: 5, hashes: hashes("1/1", "0/4") },
];
