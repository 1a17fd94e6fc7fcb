export type { ByteRange, Repository, Selector, WritableRepository } from "./repository.ts";
