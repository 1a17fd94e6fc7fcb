import type { DockerArchiveReference, DockerReference, LayoutReference, NamedReference } from "@cooper/oci";
import { DockerArchive } from "../archive/docker-archive.ts";
import { DockerArchiveWriter } from "../archive/docker-writer.ts";
import { forDocker } from "../archive/for-docker.ts";
import { openDockerArchive, openOciArchive } from "../archive/open.ts";
import { FileSink, type Sink } from "../archive/sink.ts";
import { TarFiles } from "../archive/tar-files.ts";
import { ArchiveWriter } from "../archive/writer.ts";
import type { Destination } from "../copy/destination.ts";
import type { Engine } from "../daemon/engine.ts";
import { TransportError } from "../errors.ts";
import { openLayout } from "../layout/directory.ts";
import type { LayoutRepository } from "../layout/repository.ts";
import type { Repository, Selector, WritableRepository } from "../repository.ts";
import { openStore, storeName } from "../store/store.ts";
import type { Found, Scheme } from "./scheme.ts";

// undici takes longer to load than most commands run: only registries and engines pay for it.
const registries = () => import("../registry/repository.ts");
const engines = () => import("../daemon/engine.ts");

/** The rows of the table for all places where images live. */
export const PLACES: readonly Scheme[] = [
  {
    name: "docker",
    open: async (reference: DockerReference, { registry, signal }) => {
      const repository = (await registries()).openRegistryRepository(reference, registry);
      return await found(repository, () => repository.resolve(selectorOf(reference), { signal }));
    },
    create: async (reference: DockerReference, { registry }) => ({
      ...inRepository((await registries()).openRegistryRepository(reference, registry)),
      tag: reference.tag,
      digest: reference.digest,
      manifestProvesBlobs: true,
    }),
  } satisfies Scheme<DockerReference>,
  {
    name: "oci",
    open: async ({ path, tag, digest }: LayoutReference, { signal }) => {
      const layout = await openLayout(path, { signal });
      return await found(layout, () => resolveIn(layout, { tag, digest }));
    },
    create: async ({ path, tag, digest }: LayoutReference, { signal }) => ({
      ...inRepository(await openLayout(path, { access: "write", signal })),
      tag: tag ?? (digest === undefined ? "latest" : undefined),
      digest,
    }),
  } satisfies Scheme<LayoutReference>,
  {
    name: "oci-archive",
    open: async ({ path, tag, digest }: LayoutReference, { signal }) => {
      const layout = await openOciArchive(path, { signal });
      return await found(layout, () => resolveIn(layout, { tag, digest }));
    },
    create: async ({ path, tag, digest }: LayoutReference) => {
      const writer = new ArchiveWriter(new FileSink(path, `oci-archive:${path}`));
      return { ...intoArchive(writer), tag: tag ?? (digest === undefined ? "latest" : undefined), digest };
    },
  } satisfies Scheme<LayoutReference>,
  {
    name: "docker-archive",
    open: async ({ path, tag, digest }: DockerArchiveReference, { signal }) => {
      const archive = await openDockerArchive(path, { signal });
      return await found(archive, () => resolveIn(archive, { tag, digest }));
    },
    create: async ({ path, tag, digest }: DockerArchiveReference) => {
      if (tag?.startsWith("@") === true) {
        throw new TransportError("INVALID_OPTIONS", `docker-archive:${path}:${tag} cannot be written`, {
          kind: "usage",
          advice: "Name the image, or leave the name out.",
        });
      }
      return { ...forEngine(new FileSink(path, `docker-archive:${path}`)), tag, digest };
    },
  } satisfies Scheme<DockerArchiveReference>,
  {
    name: "docker-daemon",
    open: async (reference: NamedReference, { environment, signal }) => {
      const name = engineName(reference);
      const engine = new (await engines()).Engine(environment);
      try {
        const stream = await engine.save(name, { signal });
        const tar = await TarFiles.spool(stream, `docker-daemon:${name}`, { signal });
        const archive = await DockerArchive.open(tar);
        return await found(archive, () => archive.resolveOnly({ signal }));
      } finally {
        await engine.close();
      }
    },
    create: async (reference: NamedReference, { environment }) => {
      const name = engineName(reference);
      if (reference.tag === undefined) {
        throw new TransportError("INVALID_OPTIONS", `docker-daemon:${name} cannot be written`, {
          kind: "usage",
          advice: "An engine gives digests itself: write docker-daemon:NAME:TAG.",
        });
      }
      const { EngineSink } = await import("../daemon/engine-sink.ts");
      const engine = new (await engines()).Engine(environment);
      const destination = forEngine(new EngineSink(engine, `docker-daemon:${name}`));
      return {
        ...destination,
        tag: name,
        finish: async () => await thenClose(engine, destination.finish()),
        abandon: async () => await thenClose(engine, destination.abandon()),
      };
    },
  } satisfies Scheme<NamedReference>,
  {
    name: "store",
    open: async (reference: NamedReference, { home, environment, signal }) => {
      const store = openStore({ home, environment });
      const { digest } = reference;
      const selector = digest === undefined ? { tag: storeName(reference) } : { digest };
      return await found(store, () => store.resolve(selector, { signal }));
    },
    create: async (reference: NamedReference, { home, environment }) => {
      const { tag, digest } = reference;
      const isNamed = tag !== undefined || digest === undefined;
      return {
        ...inRepository(openStore({ home, environment })),
        tag: isNamed ? storeName(reference) : undefined,
        digest,
      };
    },
  } satisfies Scheme<NamedReference>,
];

type Selected = Pick<DockerReference, "tag" | "digest">;

/** A digest says more than a tag, where a reference has both. */
function selectorOf({ tag, digest }: Selected): Selector {
  return digest === undefined ? { tag: tag ?? "latest" } : { digest };
}

async function resolveIn(
  repository: LayoutRepository | DockerArchive,
  selected: Selected,
): Promise<Awaited<ReturnType<Repository["resolve"]>>> {
  const isOpen = selected.tag === undefined && selected.digest === undefined;
  return isOpen ? await repository.resolveOnly() : await repository.resolve(selectorOf(selected));
}

async function found<R extends Repository>(
  repository: R,
  resolve: () => ReturnType<R["resolve"]>,
): Promise<Found> {
  try {
    return { repository, descriptor: await resolve() };
  } catch (error) {
    await repository.close();
    throw error;
  }
}

function inRepository(repository: WritableRepository): Destination {
  const close = async (): Promise<void> => await repository.close();
  return { repository, finish: close, abandon: close };
}

type ArchiveDestination = Destination & { finish(): Promise<void> };

function intoArchive(writer: ArchiveWriter): ArchiveDestination {
  return {
    repository: writer,
    parallel: 1,
    finish: async () => await writer.finish(),
    abandon: async () => await writer.abandon(),
  };
}

function forEngine(sink: Sink): ArchiveDestination {
  return { ...intoArchive(new DockerArchiveWriter(sink)), takes: "one-image", adapt: forDocker };
}

async function thenClose(engine: Engine, done: Promise<void>): Promise<void> {
  try {
    await done;
  } finally {
    await engine.close();
  }
}

function engineName({ name, tag, digest }: NamedReference): string {
  return `${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
