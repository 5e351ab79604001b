// npx --yes eslint@10 --config explorer/eslint.config.mjs explorer
const browser = [
  "Blob", "HTMLImageElement", "Option", "TextDecoder", "URL", "VideoFrame", "WebAssembly", "Worker", "atob",
  "clearTimeout", "console", "createImageBitmap", "document", "getComputedStyle", "matchMedia", "navigator",
  "performance", "requestAnimationFrame", "setTimeout", "structuredClone",
];
const worker = ["onmessage", "postMessage"];

export default [{
  files: ["**/*.js"],
  languageOptions: { globals: Object.fromEntries([...browser, ...worker].map((name) => [name, "writable"])) },
  rules: Object.fromEntries([
    "eqeqeq", "no-undef", "no-unused-vars", "no-var", "prefer-const", "no-shadow", "no-dupe-keys",
    "no-unreachable", "no-self-assign", "no-loss-of-precision", "no-fallthrough", "no-implicit-globals",
  ].map((rule) => [rule, "error"])),
}];
