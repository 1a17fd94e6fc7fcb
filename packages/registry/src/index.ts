// The registry
export { createRegistry } from "./registry.ts";
export type { Registry } from "./registry.ts";
export { DEFAULT_REGISTRY_LIMITS } from "./options.ts";
export type { Asked, RegistryEvent, RegistryLimits, RegistryOptions } from "./options.ts";
export type { Listening, ListenOptions, TlsIdentity } from "./server.ts";
export { RegistryError } from "./errors.ts";
export type { RegistryErrorCode } from "./errors.ts";

// Run as a service
export { serve } from "./serve/serve.ts";
export type { ServeOptions } from "./serve/serve.ts";
export { settingsJsonSchema } from "./serve/settings/json-schema.ts";
export type { ServeSettings, SettingName } from "./serve/settings/schema.ts";
export { aboutSetting, readSettings, SETTING_NAMES } from "./serve/settings/sources.ts";
export type { ReadSettings, SettingSources } from "./serve/settings/sources.ts";
export { isMadeBy } from "./serve/making.ts";
export { openStorage } from "./serve/serve.ts";
export { gcOptions } from "./serve/collecting.ts";
export { createLog } from "./serve/log/log.ts";
export type { Log, LogOptions } from "./serve/log/log.ts";

// What is made on demand
export { Demand } from "./demand/demand.ts";
export type { Ask } from "./demand/demand.ts";
export type { DemandLimits, DemandOptions, DemandTimes, RootNames } from "./demand/options.ts";
export type { Maker } from "./demand/maker.ts";
export type { Upstream } from "./demand/upstreams.ts";

// Who may do what
export type { Access, Action, Authorize, Verdict } from "./auth/authorize.ts";
export { basicAuthorization } from "./auth/basic.ts";
export type { BasicOptions, Credentials } from "./auth/basic.ts";
export { createTokenService } from "./auth/tokens.ts";
export type { TokenOptions, TokenService } from "./auth/tokens.ts";

// Garbage
export { collectGarbage } from "./gc/gc.ts";
export type { GcOptions, GcOutcome } from "./gc/gc.ts";
export type { Collected, CollectableStorage, CollectOptions } from "./storage/directory/collect/collect.ts";

// Storage
export type {
  BlobStorage,
  Listing,
  ManifestStorage,
  NewManifest,
  OpenBlob,
  OpenUpload,
  Page,
  Storage,
  StoredManifest,
  TagStorage,
  UploadStorage,
} from "./storage/storage.ts";
export { memoryStorage } from "./storage/memory.ts";
export { directoryStorage } from "./storage/directory/directory.ts";
export type { DirectoryStorage, DirectoryStorageOptions } from "./storage/directory/directory.ts";
