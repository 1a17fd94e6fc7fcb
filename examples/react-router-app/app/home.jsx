export function loader() {
  return { casks: "three" };
}

export default function Home({ loaderData }) {
  return <p>There are {loaderData.casks}.</p>;
}
