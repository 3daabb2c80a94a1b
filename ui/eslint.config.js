// What is looked for beside types. Does not know the code.

import tseslint from "typescript-eslint";

export default tseslint.config(...tseslint.configs.strict, {
  rules: {
    "max-lines": ["error", 300],
    "no-console": "error",
    "no-eval": "error",
    "no-implied-eval": "error",
    "@typescript-eslint/no-non-null-assertion": "off", // where the line above has just looked
  },
});
