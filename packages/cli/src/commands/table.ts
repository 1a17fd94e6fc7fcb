import type { MakeCommand } from "../command.ts";

/** A command that is loaded when it is asked for, or a group of them. */
export type Entry = CommandEntry | GroupEntry;

export interface CommandEntry {
  readonly brief: string;
  readonly load: () => Promise<MakeCommand>;
}

export interface GroupEntry {
  readonly brief: string;
  readonly commands: Readonly<Record<string, CommandEntry>>;
}

/** Every command, by purpose and in the order that `cooper --help` shows them. */
export const COMMANDS: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  "Make and run": {
    build: {
      brief: "Make an image of an application's source",
      load: async () => (await import("./build.ts")).build,
    },
    detect: {
      brief: "Say what kind of application a source is",
      load: async () => (await import("./detect.ts")).detect,
    },
    plan: {
      brief: "Print how a source would become an image",
      load: async () => (await import("./plan.ts")).plan,
    },
    generate: {
      brief: "Say in another tool's words how an application becomes an image",
      commands: {
        dockerfile: {
          brief: "Write a Dockerfile that does what cooper build does",
          load: async () => (await import("./generate-dockerfile.ts")).generateDockerfile,
        },
      },
    },
    "by-hand": {
      brief: "Make an image of a directory, and tell each step",
      load: async () => (await import("./by-hand.ts")).byHand,
    },
    run: {
      brief: "Run an image",
      load: async () => (await import("./run.ts")).run,
    },
  },
  Packages: {
    resolve: {
      brief: "Print the packages that a reference comes to",
      load: async () => (await import("./resolve.ts")).resolve,
    },
    lock: {
      brief: "Write down every package of an image by version and digest",
      load: async () => (await import("./lock.ts")).lock,
    },
    nix: {
      brief: "Prepare what nix: references need",
      commands: {
        catalogue: {
          brief: "Write down which store paths attributes of a nixpkgs are",
          load: async () => (await import("./nix-catalogue.ts")).nixCatalogue,
        },
      },
    },
    cache: {
      brief: "Look after what was fetched and made before",
      commands: {
        ls: { brief: "List what builds keep", load: async () => (await import("./cache-ls.ts")).cacheLs },
        du: { brief: "Say what it holds", load: async () => (await import("./cache-usage.ts")).cacheUsage },
        prune: {
          brief: "Remove what was not used for longest",
          load: async () => (await import("./cache-prune.ts")).cachePrune,
        },
      },
    },
  },
  "Move and name": {
    copy: {
      brief: "Copy an image from one place to another",
      load: async () => (await import("./copy.ts")).copy,
    },
    export: {
      brief: "Write an image's files as one tar",
      load: async () => (await import("./export.ts")).exportFiles,
    },
    tag: {
      brief: "Give an image a further tag, or list the tags",
      load: async () => (await import("./tag.ts")).tag,
    },
    delete: {
      brief: "Delete a tag or a manifest",
      load: async () => (await import("./delete.ts")).deleteImage,
    },
  },
  "Look into": {
    inspect: {
      brief: "Show what an image is: platforms, layers, config, referrers",
      load: async () => (await import("./inspect.ts")).inspect,
    },
    ls: {
      brief: "List an image's files",
      load: async () => (await import("./ls.ts")).ls,
    },
    cat: {
      brief: "Print a file of an image",
      load: async () => (await import("./cat.ts")).cat,
    },
    tree: {
      brief: "Show the manifests, configs, layers and referrers of a reference as a tree",
      load: async () => (await import("./tree.ts")).tree,
    },
    history: {
      brief: "Show the steps that an image was made by",
      load: async () => (await import("./history.ts")).history,
    },
    digest: {
      brief: "Print the digest of a reference",
      load: async () => (await import("./digest.ts")).digest,
    },
    sbom: {
      brief: "Say what software is in an image: SPDX or CycloneDX",
      load: async () => (await import("./sbom.ts")).sbom,
    },
    referrers: {
      brief: "List what refers to an image: signatures, SBOMs",
      load: async () => (await import("./referrers.ts")).referrers,
    },
    validate: {
      brief: "Check every digest, size and diffID of an image",
      load: async () => (await import("./validate.ts")).validate,
    },
  },
  Change: {
    append: {
      brief: "Put further layers on an image",
      load: async () => (await import("./append.ts")).append,
    },
    mutate: {
      brief: "Change an image's config, annotations, media types or times",
      load: async () => (await import("./mutate.ts")).mutate,
    },
    rebase: {
      brief: "Put an image on another base",
      load: async () => (await import("./rebase.ts")).rebase,
    },
    flatten: {
      brief: "Make one layer of all layers, or of some",
      load: async () => (await import("./flatten.ts")).flatten,
    },
    index: {
      brief: "Work on indexes: images for several platforms under one name",
      commands: {
        create: {
          brief: "Make an index of images",
          load: async () => (await import("./index-create.ts")).indexCreate,
        },
        append: {
          brief: "Add images to an index",
          load: async () => (await import("./index-append.ts")).indexAppend,
        },
        filter: {
          brief: "Keep some platforms of an index",
          load: async () => (await import("./index-filter.ts")).indexFilter,
        },
        list: {
          brief: "List the manifests of an index",
          load: async () => (await import("./index-list.ts")).indexList,
        },
      },
    },
  },
  "Store and registries": {
    serve: {
      brief: "Serve a registry out of a directory",
      load: async () => (await import("./serve.ts")).serve,
    },
    registry: {
      brief: "Look after a registry's directory",
      commands: {
        gc: {
          brief: "Remove what no manifest names, and images that nobody asks for",
          load: async () => (await import("./registry-gc.ts")).registryGc,
        },
      },
    },
    store: {
      brief: "Look after Cooper's own store",
      commands: {
        ls: { brief: "List its images", load: async () => (await import("./store-ls.ts")).storeLs },
        rm: { brief: "Take names away", load: async () => (await import("./store-rm.ts")).storeRm },
        gc: {
          brief: "Remove blobs that nothing needs",
          load: async () => (await import("./store-gc.ts")).storeGc,
        },
        prune: {
          brief: "Remove also images without a name and unpacked layers",
          load: async () => (await import("./store-prune.ts")).storePrune,
        },
      },
    },
    login: {
      brief: "Keep credentials for a registry",
      load: async () => (await import("./login.ts")).login,
    },
    logout: {
      brief: "Forget the credentials for a registry",
      load: async () => (await import("./logout.ts")).logout,
    },
  },
  Host: {
    doctor: {
      brief: "Say what this host can do, and what to install for the rest",
      load: async () => (await import("./doctor.ts")).doctor,
    },
    completion: {
      brief: "Print what makes bash, zsh or fish complete commands and flags",
      load: async () => (await import("./completion.ts")).completion,
    },
  },
};
