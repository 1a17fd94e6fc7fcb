// Errors
export { OciError } from "./errors.ts";
export type { OciErrorCode } from "./errors.ts";

// Digests and descriptors
export {
  checkableAlgorithm,
  diffIdOfUncompressed,
  digestAlgorithm,
  digestBytes,
  digestHex,
  digestOf,
  isDigest,
  parseDiffId,
  parseDigest,
} from "./digest.ts";
export type { DiffId, Digest } from "./digest.ts";
export {
  checkBytes,
  describeBytes,
  EMPTY_BYTES,
  EMPTY_DESCRIPTOR,
  inlineBytes,
  parseDescriptor,
} from "./descriptor.ts";
export type { Annotations, Descriptor, MediaType, Platform } from "./descriptor.ts";

// Media types
export {
  compressionOfMediaType,
  convertLayerMediaType,
  formatOfMediaType,
  isConfigType,
  isForeignLayerType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  layerMediaType,
  MEDIA_TYPES,
} from "./media-types.ts";
export type { Format, LayerCompression } from "./media-types.ts";

// Documents
export { parseJson, serializeJson } from "./json.ts";
export {
  artifactTypeOf,
  isArtifact,
  MAX_MANIFEST_BYTES,
  parseIndex,
  parseManifest,
  sniffMediaType,
} from "./manifest.ts";
export type { ImageManifest, IndexManifest } from "./manifest.ts";
export { MAX_CONFIG_BYTES, parseConfig, platformOfConfig } from "./config.ts";
export type { Healthcheck, HistoryEntry, ImageConfig, RootFs, RunConfig } from "./config.ts";

// References
export { familiarName, formatDockerName, isRepositoryName, isTag, parseDockerName } from "./docker-name.ts";
export type { DockerName } from "./docker-name.ts";
export {
  formatReference,
  isMakerScheme,
  isTransformScheme,
  MAKER_SCHEMES,
  parseReference,
} from "./reference.ts";
export type {
  DirectoryReference,
  DockerArchiveReference,
  DockerReference,
  LayoutReference,
  MakerReference,
  MakerScheme,
  NamedReference,
  Reference,
} from "./reference.ts";

// Names of what a registry makes
export { referenceOfPath, registryPathOf } from "./registry-path.ts";
export type { RegistryPath } from "./registry-path.ts";

// Platforms
export {
  formatPlatform,
  isSamePlatform,
  isUnknownPlatform,
  matchPlatform,
  normalizePlatform,
  parsePlatform,
  rankPlatform,
} from "./platform.ts";

// The model
export type { Blob, Content, Image, Index, Layer } from "./model.ts";
export { completeLayer, layerFromBlob } from "./layer.ts";
export type { LayerCore } from "./layer.ts";
export { makeLayer } from "./make-layer.ts";
export type { LayerOptions } from "./make-layer.ts";
export { completeImage } from "./image.ts";
export type { ImageCore } from "./image.ts";
export { deferImage, emptyImage, makeArtifact, makeImage } from "./make-image.ts";
export type { ArtifactOptions, ImageOptions } from "./make-image.ts";
export type { UnfinishedConfig } from "./image-parts.ts";
export { makeIndex } from "./make-index.ts";
export type { IndexChild, IndexOptions } from "./make-index.ts";
export { MAX_INDEX_NESTING, openContent } from "./open.ts";
export type { ContentReader } from "./open.ts";

// A root filesystem, looked into
export { viewRoot } from "./rootfs/view.ts";
export type { LastLink, RootFile, RootView } from "./rootfs/view.ts";

// Summaries
export { historyOf, layerSteps, summarize } from "./summary/summary.ts";
export type { HistoryStep, ImageSummary, IndexSummary, LayerSummary, Summary } from "./summary/summary.ts";
export { contentTree } from "./summary/tree.ts";
export type { TreeNode, TreeOptions, TreeRole } from "./summary/tree.ts";

// The merged filesystem
export { extract, rootEntries } from "./rootfs/extract.ts";
export type { MergeOptions, RootEntry } from "./rootfs/entries.ts";

// Choosing
export { platformsOf, selectPlatform } from "./select.ts";
export type { PlatformImage } from "./select.ts";

// Changing
export { append } from "./mutate/append.ts";
export type { Addition } from "./mutate/append.ts";
export { withAnnotations } from "./mutate/annotations.ts";
export type { AnnotationChange, AnnotationOptions, AnnotationPlace } from "./mutate/annotations.ts";
export { withCompression } from "./mutate/compression.ts";
export type { CompressionOptions } from "./mutate/compression.ts";
export { withConfig, withEnv, withLabels, withPlatform, withRunConfig } from "./mutate/config.ts";
export { appendToIndex, childrenOf, filterIndex } from "./mutate/entries.ts";
export { flatten, squash } from "./mutate/flatten.ts";
export type { FlattenOptions, SquashOptions } from "./mutate/flatten.ts";
export { withMediaTypes } from "./mutate/media-types.ts";
export { builtOn } from "./mutate/built-on.ts";
export type { BaseNote } from "./mutate/built-on.ts";
export { rebase } from "./mutate/rebase.ts";
export type { RebaseOptions } from "./mutate/rebase.ts";
export type { Changed, Scope } from "./mutate/scope.ts";
export { withSubject } from "./mutate/subject.ts";
export { withTime } from "./mutate/time.ts";
export type { TimeOptions } from "./mutate/time.ts";

// Comparing
export { compareLayers } from "./compare/compare-layers.ts";
export type { FactDifference, LayerComparison, MemberDifference } from "./compare/compare-layers.ts";

// Checking
export { validate } from "./validate/validate.ts";
export type { ValidateOptions } from "./validate/validate.ts";
export type { Mismatch, MismatchKind } from "./validate/mismatch.ts";
