import { createRoot } from "react-dom/client";

function Casks({ count }) {
  return <p>{count} casks.</p>;
}

createRoot(document.getElementById("root")).render(<Casks count={3} />);
