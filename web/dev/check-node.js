// Vite 8 needs Node 20.19 or 22.12 and later, and says so only by a stack trace.
const [major, minor] = process.versions.node.split(".").map(Number);
const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
if (!fits) {
  console.error(`Node ${process.versions.node} is too old to build the web client: it needs 20.19 or newer, or 22.12 or newer.
Install one from https://nodejs.org, or on Debian 13 and later: sudo apt-get install nodejs npm`);
  process.exit(1);
}
