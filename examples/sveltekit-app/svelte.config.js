import adapter from "@sveltejs/adapter-node";

// Without a name a version is called by the time, and no two builds are equal.
export default { kit: { adapter: adapter(), version: { name: "1.0.0" } } };
