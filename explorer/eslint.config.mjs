// npx --yes eslint@10 --config explorer/eslint.config.mjs explorer
const browser = [
  "Blob", "Option", "URL", "atob", "clearTimeout", "createImageBitmap", "document", "matchMedia", "setTimeout",
];

export default [{
  files: ["**/*.js"],
  languageOptions: { globals: Object.fromEntries(browser.map((name) => [name, "readonly"])) },
  rules: Object.fromEntries([
    "eqeqeq", "no-undef", "no-unused-vars", "no-var", "prefer-const", "no-shadow", "no-dupe-keys",
    "no-unreachable", "no-self-assign", "no-loss-of-precision", "no-fallthrough", "no-implicit-globals",
  ].map((rule) => [rule, "error"])),
}];
