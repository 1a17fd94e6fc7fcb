export const dynamic = "force-dynamic";

export default function Page() {
  return <p>{process.version.startsWith("v") ? 3 : 0} casks.</p>;
}
