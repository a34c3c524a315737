// Runs one scenario: node run.mjs NAME. PAGE_PACKAGES, PAGE_METRICS and, for the real service, PAGE_ADDRESS say with what.

const [name, ...rest] = process.argv.slice(2);
const { default: scenario } = await import(`./scenarios/${name}.mjs`);
try {
  await scenario(...rest);
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
