import { html } from "./html.ts";
import type { Html } from "./html.ts";
import type { Home } from "./home.ts";

type Address = Pick<Home, "host" | "scheme">;

/** How Docker, containerd and Kubernetes are pointed at this registry. */
export function setUpSection({ makers, ...address }: Address & Pick<Home, "makers">): Html {
  const isMirror = makers.some(({ how }) => how === "pull-through");
  const { host, scheme } = address;
  const isTrusted = scheme === "https" || /^(?:127\.|localhost|\[::1\])/.test(host);
  return html`
    <h2 id="set-up">Point your clients here</h2>
    <h3>Docker</h3>
    ${isTrusted ? html`<p>There is nothing to set up.</p>` : insecure(address)}
    <h3>containerd</h3>
    <p>As a registry, in <code>/etc/containerd/certs.d/${host}/hosts.toml</code>:</p>
    <pre><code>${hostsFile(address)}</code></pre>
    ${isMirror ? mirror(address) : undefined}
    <h3>Kubernetes</h3>
    <p>The image of a pod may be any name that is made here:</p>
    <pre><code>kubectl run tools --image=${host}/apt/curl/jq -it --rm -- sh</code></pre>
  `;
}

function insecure({ host }: Address): Html {
  return html`<p>It speaks plain HTTP: Docker must be told so in <code>/etc/docker/daemon.json</code>.</p>
    <pre><code>${JSON.stringify({ "insecure-registries": [host] })}</code></pre>`;
}

function mirror(address: Address): Html {
  return html`<p>
      The same in <code>/etc/containerd/certs.d/docker.io/hosts.toml</code> makes it a mirror of Docker Hub,
      and likewise for any other registry.
    </p>
    <pre><code>server = "https://registry-1.docker.io"
${hostTable(address)}</code></pre>`;
}

function hostsFile(address: Address): string {
  return `server = "${address.scheme}://${address.host}"\n${hostTable(address)}`;
}

function hostTable({ host, scheme }: Address): string {
  return `[host."${scheme}://${host}"]\n  capabilities = ["pull", "resolve"]`;
}
