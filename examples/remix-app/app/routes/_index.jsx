import { useLoaderData } from "@remix-run/react";

const CASKS = ["firkin", "kilderkin", "barrel"];

export function loader() {
  return { casks: CASKS.length };
}

export default function Index() {
  const { casks } = useLoaderData();
  return <p>{`There are ${casks} casks.`}</p>;
}
